/* What a program printed, as any bytes: the first two are a limit and where it is cut. What must
 * hold: the text is UTF-8 without controls, within the limit, and the same wherever it was cut. */
#include "core/agent/terminal_text.h"
#include "core/base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct terminal_text *t)
{
    const char *text = t->text.data ? t->text.data : "";
    if (t->text.len > t->limit || !text_is_utf8(text, t->text.len))
        abort();
    for (size_t i = 0; i < t->text.len; i++)
        if ((unsigned char)text[i] < 0x20 && text[i] != '\t' && text[i] != '\n')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 2;
    const size_t n = size - 2, cut = n ? data[1] % (n + 1) : 0;
    struct terminal_text whole = {.limit = data[0] * 4u}, pieces = {.limit = data[0] * 4u};
    terminal_text_feed(&whole, bytes, n);
    terminal_text_end(&whole);
    terminal_text_feed(&pieces, bytes, cut);
    terminal_text_feed(&pieces, bytes + cut, n - cut);
    terminal_text_end(&pieces);
    check(&whole);
    if (whole.text.len != pieces.text.len || whole.truncated != pieces.truncated ||
        (whole.text.len && memcmp(whole.text.data, pieces.text.data, whole.text.len) != 0))
        abort();
    terminal_text_finish(&whole);
    terminal_text_finish(&pieces);
    return 0;
}
