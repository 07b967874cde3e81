/* Every way out of the console leaves the terminal as it was: an orderly end, a crash, a signal, a
 * stop, and a terminal that is gone. */
#include "term_stage.h"

#include "tui/terminal/canvas.h"

#include <linux/capability.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void take_and_draw(struct canvas **ret_canvas, struct term **ret_term)
{
    *ret_canvas = canvas_create(6, 40);
    *ret_term = opened();
    canvas_text(*ret_canvas, 2, 2, 20, (struct style){.fg = COLOUR_INDEX | 1}, "in the middle");
    canvas_cursor(*ret_canvas, 2, 5, CURSOR_BAR);
    term_show(*ret_term, *ret_canvas);
}

/* A child with the terminal as its own dies in the given way; 0 is exit(), -1 an orderly close. */
static void die_by(int number)
{
    struct stage g;
    int status;
    pid_t pid;

    environment("xterm-256color");
    stage_open(&g, 6, 40);
    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        static struct canvas *c; /* static: found by a leak checker at exit */
        static struct term *t;
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        setsid();
        ioctl(g.slave, TIOCSCTTY, 0);
        dup2(g.slave, 0);
        dup2(g.slave, 1);
        if (number > 0)
            signal(number, SIG_DFL); /* a sanitizer has its own */
        take_and_draw(&c, &t);
        struct input_event e; /* kitty's keyboard is taken too: that must be undone as well */
        int wait;
        struct pollfd p = {.fd = term_input_fd(t), .events = POLLIN};
        poll(&p, 1, 10000);
        term_read(t, &e, 1, &wait);
        if (number == 0)
            exit(0); /* NOLINT: the handlers of exit are what is tested */
        if (number < 0) {
            term_close(t);
            _exit(0);
        }
        kill(getpid(), number);
        pause();
        _exit(9);
    }
    /* Its questions are answered as soon as they are read. */
    while (waitpid(pid, &status, WNOHANG) == 0) {
        struct pollfd p = {.fd = g.master, .events = POLLIN};
        poll(&p, 1, 10);
        pump_once(&g);
        if (g.answers.len) {
            assert_int_equal(write(g.master, g.answers.data, g.answers.len), g.answers.len);
            buf_clear(&g.answers);
        }
    }
    pump(&g);
    if (number > 0) {
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), number);
    } else {
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    is_restored(&g);
    stage_close(&g);
}

static void every_way_out(void **state)
{
    static const int ways[] = {-1,     0,       SIGSEGV, SIGABRT, SIGBUS, SIGFPE,
                               SIGILL, SIGTERM, SIGHUP,  SIGINT,  SIGQUIT};
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        die_by(ways[i]);
}

/* The terminal cannot be opened by its name any more, as behind su or in a chroot. */
static void close_the_name(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};

    if (ioctl(0, TIOCEXCL) != 0 || syscall(SYS_capset, &header, none) != 0)
        _exit(8);
}

static bool blocks(int fd)
{
    return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

/* What happens in the process that is stopped. */
static void stopped_child(bool nameless)
{
    struct canvas *c;
    struct term *t;
    struct input_event e = {0};
    int wait;

    if (nameless)
        close_the_name();
    take_and_draw(&c, &t);
    if (blocks(0) == nameless)
        _exit(9); /* the shell's description is touched only where there is no other */
    kill(getpid(), SIGTSTP);
    while (e.kind != INPUT_RESIZE) {
        struct pollfd p = {.fd = term_input_fd(t), .events = POLLIN};
        if (term_read(t, &e, 1, &wait) <= 0 && poll(&p, 1, 10000) <= 0)
            _exit(3);
    }
    term_show(t, c);
    if (nameless && blocks(0))
        _exit(10);
    struct termios now;
    tcgetattr(0, &now);
    if (now.c_lflag & ICANON)
        _exit(4);
    term_close(t);
    _exit(0);
}

static bool canonical(int fd)
{
    struct termios t;

    return tcgetattr(fd, &t) == 0 && t.c_lflag & ICANON && t.c_lflag & ECHO;
}

/* As a shell does it: the console is a job of its own, in the foreground, is stopped, and goes on.
 */
static void stop_and_go(bool nameless)
{
    struct stage g;
    int status;
    environment("xterm-256color");
    stage_open(&g, 6, 40);
    fflush(NULL);
    pid_t leader = fork();
    assert_true(leader >= 0);
    if (leader == 0) {
        setsid();
        ioctl(g.slave, TIOCSCTTY, 0);
        dup2(g.slave, 0);
        dup2(g.slave, 1);
        signal(SIGTTOU, SIG_IGN);
        pid_t job = fork();
        if (job == 0) {
            setpgid(0, 0);
            tcsetpgrp(0, getpid());
            signal(SIGTTOU, SIG_DFL);
            stopped_child(nameless);
        }
        if (waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status))
            _exit(5);
        if (!canonical(0) || !blocks(0)) /* it has given the terminal back */
            _exit(6);
        kill(-job, SIGCONT);
        if (waitpid(job, &status, 0) != job || !WIFEXITED(status))
            _exit(7);
        _exit(WEXITSTATUS(status));
    }
    while (waitpid(leader, &status, WNOHANG) == 0) {
        struct pollfd p = {.fd = g.master, .events = POLLIN};
        poll(&p, 1, 10);
        pump_once(&g);
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    pump(&g);
    is_restored(&g);
    stage_close(&g);
}

static void stop_and_go_on(void **state)
{
    (void)state;
    stop_and_go(false);
}

static void stop_and_go_on_without_a_name(void **state)
{
    (void)state;
    stop_and_go(true);
}

/* The other end is gone: reading says so, and nothing waits. */
static void terminal_gone(void **state)
{
    struct stage g;
    struct input_event e;
    struct canvas *c;
    struct term *t;
    int wait;
    (void)state;
    environment("xterm-256color");
    stage_open(&g, 6, 40);
    stage_enter(&g);
    take_and_draw(&c, &t);
    close(g.master);
    struct pollfd p = {.fd = term_input_fd(t), .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(term_read(t, &e, 1, &wait), -1);
    canvas_text(c, 0, 0, 9, (struct style){0}, "late");
    term_show(t, c);
    assert_false(term_busy(t));
    term_close(t);
    canvas_destroy(c);
    g.master = dup(g.slave);
    stage_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_out),
        cmocka_unit_test(stop_and_go_on),
        cmocka_unit_test(stop_and_go_on_without_a_name),
        cmocka_unit_test(terminal_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
