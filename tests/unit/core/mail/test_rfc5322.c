/* Mail as others write it, and as we do; hostile mail is bounded. */
#include "core/mail/rfc5322.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/coding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct mail parsed(const char *text)
{
    struct mail m;
    assert_int_equal(mail_parse(text, strlen(text), &m), ERR_OK);
    return m;
}

static void headers_are_unfolded_and_decoded(void **state)
{
    (void)state;
    struct mail m = parsed("From x@y Sat Nov 21\n"
                           "From: =?iso-8859-1?Q?J=FCrgen?= <j@example.org>\r\n"
                           "To: a@x,\r\n\tB <b@x>\r\n"
                           "Subject: =?utf-8?B?w6Q=?= =?utf-8?Q?_=E2=82=AC?= and\r\n so on\r\n"
                           "Message-ID: <one@example.org>\r\n"
                           "In-Reply-To: <zero@example.org> (of yesterday)\r\n"
                           "References: <r1@x>\r\n <zero@example.org>\r\n"
                           "Date: Sat, 21 Nov 2026 11:30:00 +0100\r\n"
                           "\r\n"
                           "Hello\r\nyou\r\n");
    assert_string_equal(m.from.name, "J\xc3\xbcrgen");
    assert_int_equal(m.to.count, 2);
    assert_string_equal(m.to.items[1].name, "B");
    assert_string_equal(m.subject, "\xc3\xa4 \xe2\x82\xac and so on");
    assert_string_equal(m.message_id, "one@example.org");
    assert_string_equal(m.in_reply_to, "zero@example.org");
    assert_string_equal(m.references, "r1@x zero@example.org");
    assert_int_equal(m.date_us / 1000000, 1795257000);
    assert_string_equal(m.text, "Hello\nyou\n");
    assert_false(m.automatic || m.from_html || m.partial);
    mail_finish(&m);
}

static void parts_become_text_and_files(void **state)
{
    (void)state;
    struct mail m = parsed("From: a@x\nMIME-Version: 1.0\n"
                           "Content-Type: multipart/mixed; boundary=\"o\"\n\nignored\n"
                           "--o\nContent-Type: multipart/alternative; boundary=i\n\n"
                           "--i\nContent-Type: text/plain; charset=iso-8859-1\n"
                           "Content-Transfer-Encoding: quoted-printable\n\ncaf=E9 =\nau lait\n"
                           "--i\nContent-Type: text/html\n\n<p>other</p>\n--i--\n"
                           "--o\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n"
                           "Content-Disposition: attachment; filename*0*=utf-8''%C3%A4;\n"
                           " filename*1=\"/../b.png\"\n\nAAEC\nAw==\n"
                           "--o\nContent-Type: message/rfc822\n\nSubject: inner\n\nx\n"
                           "--o--\nignored too\n");
    assert_string_equal(m.text, "caf\xc3\xa9 au lait");
    assert_int_equal(m.file_count, 2);
    assert_string_equal(m.files[0].name, "b.png");
    assert_string_equal(m.files[0].type, "image/png");
    assert_int_equal(m.files[0].n, 4);
    assert_memory_equal(m.files[0].bytes, "\0\1\2\3", 4);
    assert_string_equal(m.files[1].type, "message/rfc822");
    assert_string_equal(m.files[1].name, "part-2.eml");
    mail_finish(&m);
}

static void html_alone_is_readable(void **state)
{
    (void)state;
    struct mail m =
        parsed("From: a@x\nContent-Type: text/html; charset=utf-8\n\n"
               "<html><head><title>t</title><style>p{}</style></head><body>\n"
               "<h1>Hi&nbsp;&amp;  welcome</h1><p>One<br>two   three</p><ul><li>x</li><li>y</ul>\n"
               "<script>if (a<b) evil()</script><table><tr><td>1</td><td>2</td></tr></table>\n"
               "<a href=\"https://example.org/\">here</a> <!-- no --> &#8364; a < b\n"
               "<pre>  keep\n  this</pre></body></html>");
    assert_true(m.from_html);
    assert_string_equal(m.text,
                        "Hi & welcome\n\nOne\ntwo three\n\n- x\n- y\n\n1 2\n\n"
                        "here <https://example.org/> \xe2\x82\xac a < b\n\n  keep\n  this\n");
    mail_finish(&m);
}

static struct mail sample(const char *subject, const char *text)
{
    struct mail m = {.from = {.name = "\xc3\x84nne", .spec = "a@x.org"},
                     .date_us = 1795257000000000};
    struct address to = {.spec = "b@y.org"};
    address_list_add(&m.to, &to);
    m.subject = mem_strdup(subject);
    m.message_id = mem_strdup("msg_1@x.org");
    m.in_reply_to = mem_strdup("p@y.org");
    m.references = mem_strdup("o@y.org p@y.org");
    m.text = mem_strdup(text);
    m.text_n = strlen(text);
    return m;
}

static void what_is_built_is_read_again(void **state)
{
    static const char *const texts[] = {
        "",
        "plain\n",
        "From me\n.\nto you\n",
        "\xc3\xa4 few high\nF\n",
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\n\xe2\x82\xac\n",
        "trailing space \nand\ttab\t\n--=_baton_part_=\n--=_baton_part_=--\n",
        "a control \x1b[31m and = signs =3D\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts * 2; i++) {
        struct mail m = sample("\xe2\x82\xac and\r\nBcc: eve@example.org", texts[i / 2]), back;
        struct buf out = {0};
        if (i % 2)
            mail_add_file(&m, mem_strdup("\xc3\xa4 b.bin"), mem_strdup("application/pdf"),
                          mem_dup("\0\1\2", 3), 3);
        assert_int_equal(mail_build(&m, &out), ERR_OK);
        for (size_t k = 0; k < out.len; k++)
            assert_true((unsigned char)out.data[k] < 0x7f);
        assert_null(strstr(out.data, "\nBcc:"));
        assert_int_equal(mail_parse(out.data, out.len, &back), ERR_OK);
        assert_string_equal(back.from.name, m.from.name);
        assert_string_equal(back.to.items[0].spec, "b@y.org");
        assert_string_equal(back.subject, "\xe2\x82\xac and  Bcc: eve@example.org");
        assert_string_equal(back.message_id, m.message_id);
        assert_string_equal(back.in_reply_to, m.in_reply_to);
        assert_string_equal(back.references, m.references);
        assert_int_equal(back.date_us, m.date_us);
        assert_string_equal(back.text, m.text);
        assert_int_equal(back.file_count, i % 2);
        if (i % 2) {
            assert_string_equal(back.files[0].name, "\xc3\xa4 b.bin");
            assert_string_equal(back.files[0].type, "application/pdf");
            assert_int_equal(back.files[0].n, 3);
        }
        mail_finish(&m);
        mail_finish(&back);
        buf_finish(&out);
    }
}

static void long_headers_are_folded(void **state)
{
    struct mail m = sample("", "x\n");
    struct buf out = {0};
    (void)state;
    for (int i = 0; i < 100; i++)
        address_list_add(&m.to, &(struct address){.spec = "somebody@some.example.org"});
    assert_int_equal(mail_build(&m, &out), ERR_OK);
    for (char *line = strtok(out.data, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(strlen(line) <= 998);
    mail_finish(&m);
    buf_finish(&out);
}

static void hostile_mail_is_bounded(void **state)
{
    struct buf b = {0};
    struct mail m;
    (void)state;
    buf_puts(&b, "From: a@x\n");
    for (int i = 0; i < 200; i++)
        buf_printf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
    assert_int_equal(mail_parse(b.data, b.len, &m), ERR_OK);
    assert_true(m.partial);
    mail_finish(&m);

    buf_clear(&b);
    buf_puts(&b, "Content-Type: multipart/mixed; boundary=b\n\n");
    for (int i = 0; i < 5000; i++)
        buf_puts(&b, "--b\nContent-Disposition: attachment\n\nx\n");
    assert_int_equal(mail_parse(b.data, b.len, &m), ERR_OK);
    assert_true(m.partial);
    assert_true(m.file_count <= MAIL_PARTS_MAX);
    mail_finish(&m);

    buf_clear(&b);
    buf_puts(&b, "Subject: ");
    for (int i = 0; i < 400000; i++)
        buf_putc(&b, 'x');
    buf_puts(&b, "\n\nbody");
    assert_int_equal(mail_parse(b.data, b.len, &m), ERR_OK);
    assert_true(m.partial && strlen(m.subject) <= MAIL_HEADER_MAX);
    assert_string_equal(m.text, "body");
    mail_finish(&m);
    buf_finish(&b);

    assert_int_equal(mail_parse("", 0, &m), ERR_INVALID);
    assert_int_equal(mail_parse("no header\n\nx", 12, &m), ERR_INVALID);
}

static void machines_are_known(void **state)
{
    (void)state;
    struct mail m = parsed("Return-Path: <>\nFrom: MAILER-DAEMON@x\n\nx");
    assert_true(m.automatic);
    mail_finish(&m);
    m = parsed("Auto-Submitted: no\nFrom: a@x\n\nx");
    assert_false(m.automatic);
    mail_finish(&m);
    m = parsed("From: a@x\nAuto-Submitted: auto-replied\n\nx");
    assert_true(m.automatic);
    mail_finish(&m);
}

static void charsets_become_utf8(void **state)
{
    static const struct {
        const char *charset, *bytes, *text;
    } cases[] = {
        {"utf-8", "\xc3\xa4", "\xc3\xa4"},
        {"UTF-8", "\xe4", "\xc3\xa4"},
        {"us-ascii", "a", "a"},
        {"iso-8859-1", "\xe4", "\xc3\xa4"},
        {"windows-1252", "\x80", "\xe2\x82\xac"},
        {"iso-8859-15", "\xa4", "\xe2\x82\xac"},
        {"koi8-r", "a\xe4", "a\xef\xbf\xbd"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        coding_to_utf8(cases[i].charset, strlen(cases[i].charset), cases[i].bytes,
                       strlen(cases[i].bytes), &out);
        assert_string_equal(out.data, cases[i].text);
        buf_finish(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_unfolded_and_decoded),
        cmocka_unit_test(parts_become_text_and_files),
        cmocka_unit_test(html_alone_is_readable),
        cmocka_unit_test(what_is_built_is_read_again),
        cmocka_unit_test(long_headers_are_folded),
        cmocka_unit_test(hostile_mail_is_bounded),
        cmocka_unit_test(machines_are_known),
        cmocka_unit_test(charsets_become_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
