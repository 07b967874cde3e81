/* Colours by the eye's measure, brought to a screen's red, green and blue in three steps: the
 * space's numbers to CIE XYZ, XYZ to the light of the three guns, light to what each gun is driven
 * with.
 *
 * The screen is the one that Xlib assumes where nobody described a better one: a monitor of 1990,
 * far from sRGB. xterm's answers are made with it, so are ours. The same holds of Xlib's edges:
 * what it refuses is refused, and its CIELab is a hundred times too bright near black.
 *
 * Pure functions on doubles: no state, no allocation, no locale. Numbers come from a program's
 * bytes. They are bounded when read, and nothing goes on that is not finite. */
#include "core/screen/colour_spaces.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define MOST      1e6   /* above it no number makes sense in any space */
#define FAR       1e100 /* XYZ beyond it came of a division by almost nothing */
#define SLACK     1e-5  /* beyond its range a number may be so far */
#define GAMUT     1e-3  /* and a gun's light so far */
#define TRACE     1e-12 /* of a gun's light */
#define DIGITS    17    /* what a double can tell apart */
#define EXPONENT  300
#define HVC_SCALE 7.50725 /* TekHVC's chroma for one of u'v', at lightness 1 */

/* --- the screen ------------------------------------------------------------------------------- */

/* Phosphors at xy (.625 .340), (.280 .595), (.155 .070), white at (.283 .298): each matrix follows
 * from these alone, and the second is the first's inverse. */
static const double to_xyz[3][3] = {{0.3810615370, 0.3202571131, 0.2483457794},
                                    {0.2072974761, 0.6805463655, 0.1121561584},
                                    {0.0213394461, 0.1429719255, 1.2417288969}};
static const double from_xyz[3][3] = {{3.4834043928, -1.5217635659, -0.5592312661},
                                      {-1.0715275482, 1.9659380165, 0.0367369146},
                                      {0.0635117994, -0.2002050147, 0.8107094395}};
static const double white[3] = {0.283 / 0.298, 1.0, 0.419 / 0.298};

/* How much light a gun gives for a value of 0 to 255: none up to black, from there a polynomial of
 * value / 255 without a linear term. It was fitted to what Xlib answers, to a millionth; its
 * coefficients add up to one. */
static const struct gun {
    int black;
    double constant, square, cube, fourth;
} guns[3] = {
    {9, 0.0005620, 0.1987594, 1.1557664, -0.3550878},
    {19, -0.0007075, 0.1185590, 1.7466675, -0.8645190},
    {14, 0.0006408, 0.1034223, 1.7297466, -0.8338097},
};

static void multiply(const double matrix[3][3], const double v[3], double ret[3])
{
    for (int i = 0; i < 3; i++)
        ret[i] = matrix[i][0] * v[0] + matrix[i][1] * v[1] + matrix[i][2] * v[2];
}

static double light(const struct gun *g, int value)
{
    const double t = value / 255.0;
    if (value <= g->black)
        return 0;
    return value < 255 ? g->constant + t * t * (g->square + t * (g->cube + t * g->fourth)) : 1;
}

/* The value whose light is wanted, light being 0 to 1. Xlib knows the curve at black, one above it
 * and every fifth value from there, and draws straight lines; so do we. */
static uint16_t drive(const struct gun *g, double wanted)
{
    int low = g->black, high = low + 1;
    if (wanted <= 0)
        return 0;
    while (high < 255 && light(g, high) < wanted) {
        low = high;
        high += 5;
    }
    const double below = light(g, low), part = (wanted - below) / (light(g, high) - below);
    const int fine = low * 257 + (int)((high - low) * 257 * part);
    return (uint16_t)((fine + 128) / 257 * 257);
}

/* --- spaces ----------------------------------------------------------------------------------- */

/* Brings *v into 0 to most; false when it is more than rounding away. */
static bool bound(double *v, double most)
{
    if (!(*v >= -SLACK && *v <= most + SLACK))
        return false;
    *v = *v < 0 ? 0 : *v > most ? most : *v;
    return true;
}

/* CIE 1976 lightness, 0 to 100, to Y. */
static double luminance(double lightness)
{
    const double root = (lightness + 16) / 116;
    return lightness < 7.99953624 ? lightness / 903.29 : root * root * root;
}

static void chromaticity(const double xyz[3], double *u, double *v)
{
    const double sum = xyz[0] + 15 * xyz[1] + 3 * xyz[2];
    if (sum == 0) {
        chromaticity(white, u, v);
        return;
    }
    *u = 4 * xyz[0] / sum;
    *v = 9 * xyz[1] / sum;
}

/* Each of these changes v in place, from its space to XYZ; false: the space has no such colour. */

static bool from_ciexyz(double v[3])
{
    return bound(&v[1], 1);
}

static bool from_uvy(double v[3])
{
    double sum = 6 * v[0] - 16 * v[1] + 12;
    if (!bound(&v[2], 1))
        return false;
    if (sum == 0) {
        chromaticity(white, &v[0], &v[1]);
        sum = 6 * v[0] - 16 * v[1] + 12;
    }
    const double x = 9 * v[0] / sum, y = 4 * v[1] / sum, scale = y != 0 ? v[2] / y : 1;
    v[0] = x * scale;
    v[1] = v[2];
    v[2] = (1 - x - y) * scale;
    return true;
}

static bool from_xyy(double v[3])
{
    if (!bound(&v[0], 1) || !bound(&v[1], 1) || !bound(&v[2], 1))
        return false;
    const double scale = v[2] / (v[1] != 0 ? v[1] : 1e-5), z = 1 - v[0] - v[1];
    v[0] *= scale;
    v[1] = v[2];
    v[2] = z * scale;
    return true;
}

static bool from_lab(double v[3])
{
    if (!bound(&v[0], 100))
        return false;
    const double root = (v[0] + 16) / 116;
    if (root * root * root < 0.008856) {
        const double y = v[0] / 9.03292; /* 903.292 by the CIE; this is where Xlib is too bright */
        v[0] = white[0] * (y + v[1] / 3893.5);
        v[1] = y;
        v[2] = white[2] * (y - v[2] / 1557.4);
        return true;
    }
    const double x = root + v[1] / 5, z = root - v[2] / 2; /* the CIE has 500 and 200 here */
    v[0] = white[0] * x * x * x;
    v[1] = root * root * root;
    v[2] = white[2] * z * z * z;
    return true;
}

static bool from_luv(double v[3])
{
    double u, w;
    if (!bound(&v[0], 100))
        return false;
    const double lightness = v[0], scale = 13 * lightness / 100;
    chromaticity(white, &u, &w);
    v[0] = lightness > 0 ? u + v[1] / scale : u;
    v[1] = lightness > 0 ? w + v[2] / scale : w;
    v[2] = luminance(lightness);
    return from_uvy(v);
}

/* Hue in degrees from the reddest red as white sees it, value as lightness, chroma. */
static bool from_hvc(double v[3])
{
    double u, w;
    if (!bound(&v[1], 100) || !(v[2] >= -SLACK))
        return false;
    const double value = v[1], chroma = v[2] > 0 ? v[2] : 0;
    chromaticity(white, &u, &w);
    const double red = atan((0.4931 - w) / (0.7127 - u));
    const double hue = fmod(v[0], 360) * acos(-1) / 180 + red;
    const double far = value > 0 && value < 100 ? chroma / (value * HVC_SCALE) : 0;
    v[0] = u + far * cos(hue);
    v[1] = w + far * sin(hue);
    v[2] = luminance(value);
    return from_uvy(v);
}

/* --- what the screen can show ----------------------------------------------------------------- */

/* The most vivid light of xyz's hue: one gun is all but dark and one gives all it can. A point well
 * outside what any screen shows, on the line from white through xyz, says which. The trace of light
 * brings the dark gun to where it begins to glow; Xlib has that or 0 there, by rounding. */
static void vivid(const double xyz[3], double ret[3])
{
    double u, v, white_u, white_v;
    chromaticity(xyz, &u, &v);
    chromaticity(white, &white_u, &white_v);
    const double length = hypot(u - white_u, v - white_v), far = 120 / (40 * HVC_SCALE);
    double point[3] = {white_u + far * (length > 0 ? (u - white_u) / length : 1),
                       white_v + far * (length > 0 ? (v - white_v) / length : 0), luminance(40)};
    from_uvy(point);
    multiply(from_xyz, point, ret);
    const double low = fmin(ret[0], fmin(ret[1], ret[2]));
    const double range = fmax(ret[0], fmax(ret[1], ret[2])) - low;
    for (int i = 0; i < 3; i++)
        ret[i] = fmax((ret[i] - low) / range, TRACE);
}

/* Takes chroma away from a colour that the screen cannot show and leaves hue and lightness:
 * XcmsTekHVCClipC. Xlib looks for it by trial; as light adds up, it is the vivid one dimmed, or
 * mixed with white. */
static void compress(const double xyz[3], double ret[3])
{
    double most[3];
    vivid(xyz, ret);
    multiply(to_xyz, ret, most);
    const double mix = (xyz[1] - most[1]) / (1 - most[1]);
    for (int i = 0; i < 3; i++)
        ret[i] = mix > 0 ? ret[i] + (1 - ret[i]) * mix : ret[i] * xyz[1] / most[1];
}

/* Never so of what is not a number. */
static bool within(const double v[3], double least, double most)
{
    for (int i = 0; i < 3; i++)
        if (!(v[i] >= least && v[i] <= most))
            return false;
    return true;
}

/* --- text ------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* An exponent, with its sign, if there is one. */
static bool read_exponent(const char **at, int *ret)
{
    const char *p = *at;
    int value = 0;
    if (*p != 'e' && *p != 'E')
        return true;
    p++;
    const bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    if (!is_digit(*p))
        return false;
    for (; is_digit(*p); p++)
        value = value < 2 * EXPONENT ? value * 10 + (*p - '0') : value;
    *ret += negative ? -value : value;
    *at = p;
    return true;
}

/* mantissa times ten to the exponent, which is capped: what overflows is refused by its size. */
static double scaled(uint64_t mantissa, int exponent)
{
    double power = 1;
    const int n = exponent < 0 ? -exponent : exponent;
    if (!mantissa || exponent < -EXPONENT)
        return 0;
    if (exponent > EXPONENT)
        return HUGE_VAL;
    for (int i = 0; i < n; i++)
        power *= 10;
    return exponent < 0 ? (double)mantissa / power : (double)mantissa * power;
}

/* Sign, digits with a point somewhere, exponent. *at comes to stand behind them. */
static bool read_number(const char **at, double *ret)
{
    const char *p = *at;
    uint64_t mantissa = 0;
    int digits = 0, exponent = 0;
    bool any = false, point = false;
    const bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    for (; is_digit(*p) || (*p == '.' && !point); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        any = true;
        if (digits < DIGITS) {
            mantissa = mantissa * 10 + (uint64_t)(*p - '0');
            digits += mantissa > 0;
            exponent -= point;
        } else {
            exponent += !point;
        }
    }
    if (!any || !read_exponent(&p, &exponent))
        return false;
    const double value = scaled(mantissa, exponent);
    if (!(value <= MOST))
        return false;
    *ret = negative ? -value : value;
    *at = p;
    return true;
}

/* Whether text begins with the prefix, which is in lower case; text may be in any. */
static bool begins(const char *text, const char *prefix)
{
    for (; *prefix; text++, prefix++)
        if ((*text >= 'A' && *text <= 'Z' ? *text + ('a' - 'A') : *text) != *prefix)
            return false;
    return true;
}

static const struct space {
    const char *prefix;
    bool (*convert)(double v[3]); /* NULL: the numbers are the guns' light already */
} spaces[] = {
    {"rgbi:", NULL},       {"ciexyz:", from_ciexyz}, {"cieuvy:", from_uvy}, {"ciexyy:", from_xyy},
    {"cielab:", from_lab}, {"cieluv:", from_luv},    {"tekhvc:", from_hvc},
};

static bool read_three(const char *text, double v[3])
{
    for (int i = 0; i < 3; i++)
        if (!read_number(&text, &v[i]) || *text++ != (i < 2 ? '/' : '\0'))
            return false;
    return true;
}

/* The guns' light for three numbers of a space. */
static bool light_of(const struct space *space, double v[3], double ret[3])
{
    if (!space->convert) {
        for (int i = 0; i < 3; i++)
            ret[i] = v[i];
        return bound(&ret[0], 1) && bound(&ret[1], 1) && bound(&ret[2], 1);
    }
    if (!space->convert(v) || !within(v, -FAR, FAR))
        return false;
    multiply(from_xyz, v, ret);
    if (!within(ret, -GAMUT, 1 + GAMUT))
        compress(v, ret);
    return within(ret, -GAMUT, 1 + GAMUT);
}

bool colour_spaces_parse(const char *text, uint16_t ret[3])
{
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        double v[3], guns_light[3];
        if (!begins(text, spaces[i].prefix))
            continue;
        if (!read_three(text + strlen(spaces[i].prefix), v) || !light_of(&spaces[i], v, guns_light))
            return false;
        for (int gun = 0; gun < 3; gun++)
            ret[gun] = drive(&guns[gun], fmin(guns_light[gun], 1));
        return true;
    }
    return false;
}
