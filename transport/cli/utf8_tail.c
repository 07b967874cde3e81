/* The incomplete character at the end of a piece. */
#include "transport/cli/utf8_tail.h"

#include <stdint.h>

size_t utf8_tail(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        unsigned char c = s[n - back];
        if ((c & 0xc0) == 0x80)
            continue;
        size_t need = c >= 0xc2 && c < 0xe0   ? 2
                      : c >= 0xe0 && c < 0xf0 ? 3
                      : c >= 0xf0 && c < 0xf5 ? 4
                                              : 1;
        return need > back ? back : 0;
    }
    return 0;
}
