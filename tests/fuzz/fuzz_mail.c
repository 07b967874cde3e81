/* Mail as any bytes. What must hold: texts are UTF-8 without NUL, names of files are no paths,
 * and what we build of it has no header that was not meant and reads as the same again. */
#include "core/base/text.h"
#include "core/mail/rfc5322.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mail m, back;
    struct buf out = {0};
    if (mail_parse((const char *)data, size, &m) != ERR_OK)
        return 0;
    must(text_is_utf8(m.text, m.text_n) && strlen(m.text) == m.text_n);
    must(text_is_utf8(m.subject, strlen(m.subject)) && address_header_ok(m.subject));
    must(m.file_count <= MAIL_PARTS_MAX);
    for (size_t i = 0; i < m.file_count; i++)
        must(*m.files[i].name && *m.files[i].name != '.' && !strchr(m.files[i].name, '/'));
    m.reply_to.count = 0;
    must(mail_build(&m, &out) == ERR_OK && out.data);
    must(!strstr(out.data, "\nBcc:") || strstr(out.data, "\n\n") < strstr(out.data, "\nBcc:"));
    must(mail_parse(out.data, out.len, &back) == ERR_OK);
    must(strcmp(back.from.spec, m.from.spec) == 0 && back.to.count == m.to.count);
    must(strcmp(back.message_id, m.message_id) == 0 && strcmp(back.references, m.references) == 0);
    must(back.file_count == m.file_count);
    must(back.text_n >= m.text_n && memcmp(back.text, m.text, m.text_n) == 0);
    mail_finish(&m);
    mail_finish(&back);
    buf_finish(&out);
    return 0;
}
