/* What a terminal says when it is asked: identity, status, modes, settings, checksums, titles,
 * colours and sizes. conformance.h says what a row is. */
#include "tests/unit/core/screen/conformance.h"

#define SETTING(what)  DCS "$q" what ST
#define SET(value)     DCS "1$r" value ST
#define ICON(text)     OSC "L" text ST
#define TITLE(text)    OSC "l" text ST
#define DA1            "\033[?64;1;2;6;9;15;16;17;18;21;22;28;29c"
#define SUM(id, value) DCS id "!~" value ST

static const struct conformance_row identity[] = {
    {"DA is a VT420's", CSI "c", .answer = DA1},
    {"DA takes 0", CSI "0c", .answer = DA1},
    {"DECID is DA", "\033Z", .answer = DA1},
    {"DA knows no 1", CSI "1c", .answer = NULL},
    {"DA2 says model, version and no cartridge", CSI ">c", .answer = CSI ">41;354;0c"},
    {"DA3 is a unit of no number", CSI "=c", .answer = DCS "!|00000000" ST},
    {"DECREQTPARM is a VT100's, no VT420 has it", CSI "x", .answer = NULL},
    {"DECREQTPARM is answered by a VT100", CSI "61\"p" CSI "x" CSI "1x",
     .answer = CSI "2;1;1;128;128;1;0x" CSI "3;1;1;128;128;1;0x"},
    {"XTGETTCAP tells the number of colours", DCS "+q436F" ST, .answer = DCS "1+r436F=323536" ST},
    {"DECRQDE tells what is shown", CSI "\"v", .answer = CSI "25;80;1;1;1\"w"},
};

/* DECRQPSR */
static const struct conformance_row presentation[] = {
    {"the tab stops", CSI "3g" CSI "1;9H\033H" CSI "2$w", .answer = DCS "2$u9" ST},
    {"the usual tab stops", CSI "2$w", .answer = DCS "2$u9/17/25/33/41/49/57/65/73" ST},
    {"no tab stop", CSI "3g" CSI "2$w", .answer = DCS "2$u" ST},
    {"the cursor", CSI "4;7H" CSI "1$w", .answer = DCS "1$u4;7;1;@;@;@;0;2;@;BBBB" ST},
    {"its rendition", CSI "1;4;5;7m" CSI "1$w", .answer = DCS "1$u1;1;1;O;@;@;0;2;@;BBBB" ST},
    {"bold alone", CSI "1m" CSI "1$w", .answer = DCS "1$u1;1;1;A;@;@;0;2;@;BBBB" ST},
    {"its protection", CSI "1\"q" CSI "1$w", .answer = DCS "1$u1;1;1;@;A;@;0;2;@;BBBB" ST},
    {"SPA is no protection of DEC's", "\033V" CSI "1$w",
     .answer = DCS "1$u1;1;1;@;@;@;0;2;@;BBBB" ST},
    {"the origin mode", CSI "?6h" CSI "1$w", .answer = DCS "1$u1;1;1;@;@;A;0;2;@;BBBB" ST},
    {"a wrap that waits", CSI "1;80Hx" CSI "1$w", .answer = DCS "1$u1;80;1;@;@;H;0;2;@;BBBB" ST},
    {"a single shift", "\033O" CSI "1$w", .answer = DCS "1$u1;1;1;@;@;D;0;2;@;BBBB" ST},
    {"its character sets", "\033)0\016" CSI "1$w", .answer = DCS "1$u1;1;1;@;@;@;1;2;@;B0BB" ST},
    {"DECRQPSR knows no 3", CSI "3$w", .answer = NULL},
};

static const struct conformance_row status[] = {
    {"DSR 5: all is well", CSI "5n", .answer = CSI "0n"},
    {"DSR 6 is the cursor's place", CSI "4;7H" CSI "6n", .answer = CSI "4;7R"},
    {"DSR 6 counts from the origin", CSI "5;12r" SIDES("5;20") CSI "?6h" CSI "2;3H" CSI "6n",
     .answer = CSI "2;3R"},
    {"DSR 6 before a wrap is the last column", CSI "1;80Hx" CSI "6ny", .cursor = "1,1",
     .answer = CSI "1;80R"},
    {"DSR knows no 7", CSI "7n", .answer = NULL},
    {"DECXCPR has a page", CSI "4;7H" CSI "?6n", .answer = CSI "?4;7;1R"},
    {"DECXCPR counts from the origin", CSI "5;12r" CSI "?6h" CSI "3;9H" CSI "?6n",
     .answer = CSI "?3;9;1R"},
    {"no printer", CSI "?15n", .answer = CSI "?13n"},
    {"keys of the user are not locked", CSI "?25n", .answer = CSI "?20n"},
    {"a keyboard that is ready", CSI "?26n", .answer = CSI "?27;1;0;0n"},
    {"no locator", CSI "?55n", .answer = CSI "?50n"},
    {"a locator of no kind", CSI "?56n", .answer = CSI "?57;0n"},
    {"macros have no checksum", CSI "?63;123n", .answer = SUM("123", "0000")},
    {"no data was lost", CSI "?75n", .answer = CSI "?70n"},
    {"no sessions", CSI "?85n", .answer = CSI "?83n"},
};

static const struct conformance_row eight_bits[] = {
    {"S8C1T: CSI is one byte", "\033 G" CSI "6n", .answer = "\2331;1R"},
    {"S8C1T: so are DCS and ST", "\033 G" SETTING("m"), .answer = "\2201$r0m\234"},
    {"S8C1T: so is OSC", "\033 G" OSC "11;?" ST, .answer = "\23511;rgb:0000/0000/0000\234"},
    {"S8C1T: BEL stays", "\033 G" OSC "11;?\a", .answer = "\23511;rgb:0000/0000/0000\a"},
    {"S8C1T leaves a title as it is", "\033 G" OSC "2;\303\274" ST CSI "21t",
     .answer = "\235l\303\274\234"},
    {"S7C1T: they are two again", "\033 G\033 F" CSI "5n", .answer = CSI "0n"},
    {"RIS: they are two again", "\033 G\033c" CSI "5n", .answer = CSI "0n"},
    {"DECSTR is no S7C1T", "\033 G" CSI "!p" CSI "5n", .answer = "\2330n"},
    {"DECSCL chooses them, one by itself", CSI "64\"p" CSI "5n", .answer = "\2330n"},
    {"DECSCL chooses them, two by 1", CSI "64;0\"p" CSI "64;1\"p" CSI "5n", .answer = CSI "0n"},
    {"a VT100 has no S8C1T", CSI "61\"p\033 G" CSI "5n", .answer = CSI "0n"},
};

static const struct conformance_row modes[] = {
    {"IRM is reset", CSI "4$p", .answer = CSI "4;2$y"},
    {"IRM is set", CSI "4h" CSI "4$p", .answer = CSI "4;1$y"},
    {"LNM is set", CSI "20h" CSI "20$p", .answer = CSI "20;1$y"},
    {"an ANSI mode that nobody knows", CSI "99$p", .answer = CSI "99;0$y"},
    {"DECCKM is set", CSI "?1h" CSI "?1$p", .answer = CSI "?1;1$y"},
    {"DECCOLM is reset", CSI "?3$p", .answer = CSI "?3;2$y"},
    {"DECSCNM is set", CSI "?5h" CSI "?5$p", .answer = CSI "?5;1$y"},
    {"DECOM is set", CSI "?6h" CSI "?6$p", .answer = CSI "?6;1$y"},
    {"DECAWM is set from the first", CSI "?7$p", .answer = CSI "?7;1$y"},
    {"DECTCEM is set from the first", CSI "?25$p", .answer = CSI "?25;1$y"},
    {"DECTCEM is reset", CSI "?25l" CSI "?25$p", .answer = CSI "?25;2$y"},
    {"XTREVWRAP is set", CSI "?45h" CSI "?45$p", .answer = CSI "?45;1$y"},
    {"DECNKM is DECKPAM's", "\033=" CSI "?66$p", .answer = CSI "?66;1$y"},
    {"DECKPNM resets DECNKM", "\033=\033>" CSI "?66$p", .answer = CSI "?66;2$y"},
    {"DECLRMM is set", CSI "?69h" CSI "?69$p", .answer = CSI "?69;1$y"},
    {"one kind of mouse tracking takes another's place",
     CSI "?1000;1003h" CSI "?1000$p" CSI "?1003$p", .answer = CSI "?1000;2$y" CSI "?1003;1$y"},
    {"SGR mouse reports are set", CSI "?1006h" CSI "?1006$p", .answer = CSI "?1006;1$y"},
    {"1049 and 47 are one screen", CSI "?1049h" CSI "?1049$p" CSI "?47$p",
     .answer = CSI "?1049;1$y" CSI "?47;1$y"},
    {"bracketed paste is reset", CSI "?2004$p", .answer = CSI "?2004;2$y"},
    {"a DEC mode that nobody knows", CSI "?9999$p", .answer = CSI "?9999;0$y"},
    {"several modes in one sequence", CSI "?5;2004h" CSI "?5$p" CSI "?2004$p",
     .answer = CSI "?5;1$y" CSI "?2004;1$y"},
    {"XTRESTORE restores", CSI "?2004h" CSI "?2004s" CSI "?2004l" CSI "?2004r" CSI "?2004$p",
     .answer = CSI "?2004;1$y"},
    {"DECSTR shows the cursor", CSI "?25l" CSI "!p" CSI "?25$p", .answer = CSI "?25;1$y"},
    {"DECSTR resets DECCKM", CSI "?1h" CSI "!p" CSI "?1$p", .answer = CSI "?1;2$y"},
    {"RIS resets bracketed paste", CSI "?2004h\033c" CSI "?2004$p", .answer = CSI "?2004;2$y"},
    {"a VT200 has no DECRQM", CSI "62;1\"p" CSI "4$p", .answer = NULL},
};

static const struct conformance_row settings[] = {
    {"SGR is plain", SETTING("m"), .answer = SET("0m")},
    {"SGR has attributes", CSI "1;4m" SETTING("m"), .answer = SET("0;1;4m")},
    {"SGR has colours", CSI "31;42m" SETTING("m"), .answer = SET("0;31;42m")},
    {"SGR has bright colours", CSI "91;102m" SETTING("m"), .answer = SET("0;91;102m")},
    {"SGR loses what was reset", CSI "1;4;31m" CSI "22;24;39m" SETTING("m"), .answer = SET("0m")},
    {"DECRC restores SGR", CSI "1m" SC CSI "m" RC SETTING("m"), .answer = SET("0;1m")},
    {"DECRC makes SGR plain when nothing was saved", CSI "1m" RC SETTING("m"), .answer = SET("0m")},
    {"DECSTR makes SGR plain", CSI "1;31m" CSI "!p" SETTING("m"), .answer = SET("0m")},
    {"XTPOPSGR restores SGR", CSI "1m" CSI "#{" CSI "m" CSI "#}" SETTING("m"),
     .answer = SET("0;1m")},
    {"XTPOPSGR gives back the last that was pushed",
     CSI "1m" CSI "#{" CSI "31m" CSI "#{" CSI "m" CSI "#}" SETTING("m") CSI "#}" SETTING("m"),
     .answer = SET("0;1;31m") SET("0;1m")},
    {"XTPUSHSGR keeps what it is told to",
     CSI "1;31;42m" CSI "1;31#{" CSI "0;4;33m" CSI "#}" SETTING("m"),
     .answer = SET("0;1;4;33;42m")},
    {"XTPUSHSGR keeps underlines by both of their numbers",
     CSI "4m" CSI "21#{" CSI "m" CSI "#}" SETTING("m"), .answer = SET("0;4m")},
    {"XTPUSHSGR keeps ten, and counts the others",
     CSI "1m" CSI "#{" CSI "#{" CSI "#{" CSI "#{" CSI "#{" CSI "#{" CSI "#{" CSI "#{" CSI "#{" CSI
         "#{" CSI "31m" CSI "#{" CSI "m" CSI "#}" SETTING("m") CSI "#}" SETTING("m"),
     .answer = SET("0m") SET("0;1m")},
    {"XTPOPSGR of an empty stack is nothing", CSI "1m" CSI "#}" SETTING("m"),
     .answer = SET("0;1m")},
    {"# p and # q are their other names", CSI "1m" CSI "#p" CSI "m" CSI "#q" SETTING("m"),
     .answer = SET("0;1m")},
    {"RIS empties SGR's stack",
     CSI "1m" CSI "#{"
         "\033c" CSI "#}" SETTING("m"),
     .answer = SET("0m")},
    {"DECSTBM is the whole screen", SETTING("r"), .answer = SET("1;25r")},
    {"DECSTBM is what was set", CSI "5;12r" SETTING("r"), .answer = SET("5;12r")},
    {"DECSTBM of one line is nothing", CSI "5;12r" CSI "9;9r" SETTING("r"), .answer = SET("5;12r")},
    {"DECSTBM without numbers is the whole screen", CSI "5;12r" CSI "r" SETTING("r"),
     .answer = SET("1;25r")},
    {"DECSLRM is the whole line", SETTING("s"), .answer = SET("1;80s")},
    {"DECSLRM is what was set", SIDES("5;20") SETTING("s"), .answer = SET("5;20s")},
    {"DECSCUSR is a steady block", CSI "2 q" SETTING(" q"), .answer = SET("2 q")},
    {"DECSCUSR is a steady underline", CSI "4 q" SETTING(" q"), .answer = SET("4 q")},
    {"DECSCUSR is a blinking bar", CSI "5 q" SETTING(" q"), .answer = SET("5 q")},
    {"DECSCA is off", SETTING("\"q"), .answer = SET("0\"q")},
    {"DECSCA is on", CSI "1\"q" SETTING("\"q"), .answer = SET("1\"q")},
    {"DECSCA knows nothing of SPA", "\033V" SETTING("\"q"), .answer = SET("0\"q")},
    {"DECSCA takes SPA's place", "\033V" CSI "1\"q" SETTING("\"q"), .answer = SET("1\"q")},
    {"DECRC restores DECSCA", CSI "1\"q" SC CSI "0\"q" RC SETTING("\"q"), .answer = SET("1\"q")},
    {"DECSCL is a VT420's", SETTING("\"p"), .answer = SET("64;1\"p")},
    {"DECSCL is what was set", CSI "62;1\"p" SETTING("\"p"), .answer = SET("62;1\"p")},
    {"DECSACE is what was set", CSI "2*x" SETTING("*x"), .answer = SET("2*x")},
    {"DECSLPP is the lines", SETTING("t"), .answer = SET("25t")},
    {"DECSCPP is the columns", SETTING("$|"), .answer = SET("80$|")},
    {"DECSNLS is the lines", SETTING("*|"), .answer = SET("25*|")},
    {"a setting that nobody knows", SETTING("z"), .answer = DCS "0$r" ST},
};

static const struct conformance_row checksums[] = {
    {"DECRQCRA of a character", "A" CSI "1;1;1;1;1;1*y", .answer = SUM("1", "FFBF")},
    {"DECRQCRA of two characters", "AB" CSI "7;1;1;1;1;2*y", .answer = SUM("7", "FF7D")},
    {"DECRQCRA of blanks", CSI "1;1;2;2;3;3*y", .answer = SUM("1", "FF80")},
    {"DECRQCRA of a blank that was erased", "A\r" CSI "X" CSI "1;1;1;1;1;1*y",
     .answer = SUM("1", "FFE0")},
    {"DECRQCRA of all", CSI "3;1*y", .answer = SUM("3", "0600")},
    {"DECRQCRA of all, DECALN", "\033#8" CSI "3;1*y", .answer = SUM("3", "E4F0")},
    {"DECRQCRA of all, DECFRA without corners", CSI "88$x" CSI "3;1*y", .answer = SUM("3", "5080")},
    {"DECRQCRA of what is not the screen's", CSI "1;1;5;5;3;3*y", .answer = SUM("1", "0000")},
    {"DECRQCRA counts from the origin", CSI "3;4r" CSI "?6hQ" CSI "1;1;1;1;1;1*y",
     .answer = SUM("1", "FFAF")},
    {"DECRQCRA stays within the origin's margins", CSI "3;4r" CSI "?6h" CSI "1;1*y",
     .answer = SUM("1", "EC00")},
    {"DECRQCRA stays within the origin's sides",
     CSI "3;4r" SIDES("3;5") CSI "?6h" CSI "1;1;1;1;9;9*y", .answer = SUM("1", "FF40")},
    {"DECRQCRA of what is not the margins'", CSI "3;4r" CSI "?6h" CSI "1;1;5;5;6;6*y",
     .answer = SUM("1", "0000")},
};

static const struct conformance_row titles[] = {
    {"OSC 2 is the title", OSC "2;hello" ST CSI "21t", .answer = TITLE("hello")},
    {"OSC 1 is the icon's", OSC "1;small" ST CSI "20t", .answer = ICON("small")},
    {"OSC 0 is both", OSC "0;both" ST CSI "20t" CSI "21t", .answer = ICON("both") TITLE("both")},
    {"OSC 2 leaves the icon's", OSC "0;a" ST OSC "2;b" ST CSI "20t" CSI "21t",
     .answer = ICON("a") TITLE("b")},
    {"BEL ends a title", OSC "2;bell\a" CSI "21t", .answer = TITLE("bell")},
    {"no title", CSI "21t", .answer = TITLE("")},
    {"a title comes back", OSC "2;one" ST CSI "22;0t" OSC "2;two" ST CSI "23;0t" CSI "21t",
     .answer = TITLE("one")},
    {"titles come back one by one",
     OSC "2;one" ST CSI "22t" OSC "2;two" ST CSI "22t" OSC "2;three" ST CSI "23t" CSI "21t" CSI
         "23t" CSI "21t",
     .answer = TITLE("two") TITLE("one")},
    {"only the title comes back",
     OSC "0;x" ST CSI "22;2t" OSC "0;y" ST CSI "23;2t" CSI "20t" CSI "21t",
     .answer = ICON("y") TITLE("x")},
    {"only the icon's comes back",
     OSC "0;x" ST CSI "22;1t" OSC "0;y" ST CSI "23;1t" CSI "20t" CSI "21t",
     .answer = ICON("x") TITLE("y")},
    {"of both, only the title comes back",
     OSC "0;x" ST CSI "22;0t" OSC "0;y" ST CSI "23;2t" CSI "20t" CSI "21t",
     .answer = ICON("y") TITLE("x")},
    {"nothing comes back from an empty stack", OSC "2;one" ST CSI "23;0t" CSI "21t",
     .answer = TITLE("one")},
    {"XTSMTITLE: set in digits", CSI ">0t" OSC "2;6869" ST CSI "21t", .answer = TITLE("hi")},
    {"XTSMTITLE: told in digits", CSI ">1t" OSC "2;hi" ST CSI "21t", .answer = TITLE("6869")},
    {"XTRMTITLE: told as it is", CSI ">1t" CSI ">1T" OSC "2;hi" ST CSI "21t",
     .answer = TITLE("hi")},
};

static const struct conformance_row colours[] = {
    {"red of sixteen", OSC "4;1;?" ST, .answer = OSC "4;1;rgb:cdcd/0000/0000" ST},
    {"red of the cube", OSC "4;196;?" ST, .answer = OSC "4;196;rgb:ffff/0000/0000" ST},
    {"the first grey", OSC "4;232;?" ST, .answer = OSC "4;232;rgb:0808/0808/0808" ST},
    {"two digits a channel", OSC "4;5;rgb:12/34/56" ST OSC "4;5;?" ST,
     .answer = OSC "4;5;rgb:1212/3434/5656" ST},
    {"one digit a channel is scaled", OSC "4;5;rgb:f/0/8" ST OSC "4;5;?" ST,
     .answer = OSC "4;5;rgb:ffff/0000/8888" ST},
    {"# with six digits", OSC "4;5;#aabbcc" ST OSC "4;5;?" ST,
     .answer = OSC "4;5;rgb:aaaa/bbbb/cccc" ST},
    {"# with three digits is not scaled", OSC "4;5;#abc" ST OSC "4;5;?" ST,
     .answer = OSC "4;5;rgb:a0a0/b0b0/c0c0" ST},
    {"# with twelve digits", OSC "4;5;#11f822903300" ST OSC "4;5;?" ST,
     .answer = OSC "4;5;rgb:1111/2222/3333" ST},
    {"two colours at once", OSC "4;1;#010203;2;#040506" ST OSC "4;1;?;2;?" ST,
     .answer = OSC "4;1;rgb:0101/0202/0303" ST OSC "4;2;rgb:0404/0505/0606" ST},
    {"what is no colour changes none", OSC "4;1;#12" ST OSC "4;1;?" ST,
     .answer = OSC "4;1;rgb:cdcd/0000/0000" ST},
    {"X knows colours by name", OSC "4;1;blue" ST OSC "4;1;?" ST,
     .answer = OSC "4;1;rgb:0000/0000/ffff" ST},
    {"OSC 10 to 12 know them too", OSC "10;orange;Light Grey" ST OSC "12;navy" ST OSC "10;?;?;?" ST,
     .answer = OSC "10;rgb:ffff/a5a5/0000" ST OSC "11;rgb:d3d3/d3d3/d3d3" ST OSC
                   "12;rgb:0000/0000/8080" ST},
    {"OSC 104 resets one", OSC "4;1;#111111;2;#222222" ST OSC "104;1" ST OSC "4;1;?;2;?" ST,
     .answer = OSC "4;1;rgb:cdcd/0000/0000" ST OSC "4;2;rgb:2222/2222/2222" ST},
    {"OSC 104 resets all", OSC "4;1;#111111;2;#222222" ST OSC "104" ST OSC "4;1;?;2;?" ST,
     .answer = OSC "4;1;rgb:cdcd/0000/0000" ST OSC "4;2;rgb:0000/cdcd/0000" ST},
    {"OSC 10 is the text's", OSC "10;#112233" ST OSC "10;?" ST,
     .answer = OSC "10;rgb:1111/2222/3333" ST},
    {"OSC 11 is the ground's", OSC "11;rgb:44/55/66" ST OSC "11;?" ST,
     .answer = OSC "11;rgb:4444/5555/6666" ST},
    {"OSC 12 is the cursor's", OSC "12;#778899" ST OSC "12;?" ST,
     .answer = OSC "12;rgb:7777/8888/9999" ST},
    {"OSC 10 goes on with the next ones", OSC "10;#111111;#222222" ST OSC "10;?;?" ST,
     .answer = OSC "10;rgb:1111/1111/1111" ST OSC "11;rgb:2222/2222/2222" ST},
    {"OSC 17 is the selection's", OSC "17;#112233" ST OSC "17;?" ST,
     .answer = OSC "17;rgb:1111/2222/3333" ST, .differs = "10, 11 and 12 are all that is kept"},
    {"OSC 11 is black until it is set", OSC "11;?" ST, .answer = OSC "11;rgb:0000/0000/0000" ST},
    {"OSC 111 resets", OSC "11;#222222" ST OSC "111" ST OSC "11;?" ST,
     .answer = OSC "11;rgb:0000/0000/0000" ST},
    {"who asks with BEL is answered with BEL", OSC "11;?\a",
     .answer = OSC "11;rgb:0000/0000/0000\a"},
    {"each answer ends as its question", OSC "4;0;?\a" OSC "4;0;?" ST,
     .answer = OSC "4;0;rgb:0000/0000/0000\a" OSC "4;0;rgb:0000/0000/0000" ST},
};

static const struct conformance_row window[] = {
    {"18t is the size in cells", CSI "18t", .answer = CSI "8;25;80t"},
    {"19t is the largest size", CSI "19t", .answer = CSI "9;25;80t"},
    {"14t is the size in pixels, of a VT340's cells", CSI "14t", .answer = CSI "4;500;800t"},
    {"15t is the display's size", CSI "15t", .answer = CSI "5;500;800t"},
    {"16t is a cell's size", CSI "16t", .answer = CSI "6;20;10t"},
    {"11t: it is open", CSI "11t", .answer = CSI "1t"},
    {"13t: it stands at the corner", CSI "13t", .answer = CSI "3;0;0t"},
    {"it cannot be moved, shrunk or grown", "ab" CSI "3;9;9t" CSI "4;9;9t" CSI "8;9;9t" CSI "18t",
     .cursor = "0,2", .lines = "ab", .answer = CSI "8;25;80t"},
};

CONFORMANCE(identity)
CONFORMANCE(presentation)
CONFORMANCE(status)
CONFORMANCE(eight_bits)
CONFORMANCE(modes)
CONFORMANCE(settings)
CONFORMANCE(checksums)
CONFORMANCE(titles)
CONFORMANCE(colours)
CONFORMANCE(window)

/* Output may not read the screen unless its owner allows it. */
static void a_checksum_has_to_be_allowed(void **state)
{
    static const char input[] = "A" CSI "1;1;1;1;1;1*y" CSI "5n";
    const struct screen_options options = {0};
    const struct screen_events events = {.answer = conformance_answer};
    struct buf answers = {0};
    (void)state;
    struct screen *s =
        screen_create(CONFORMANCE_ROWS, CONFORMANCE_COLS, &options, &events, &answers);
    screen_feed(s, input, sizeof input - 1);
    assert_string_equal(answers.data, CSI "0n");
    screen_destroy(s);
    buf_finish(&answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_presentation),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_eight_bits),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_titles),
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_window),
        cmocka_unit_test(a_checksum_has_to_be_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
