/* Giving the terminal back (see term_guard.h).
 *
 * The state is in the file's scope since signal handlers have no other way to it. It is written by
 * the one thread of the terminal while `armed` is 0, or in such a way that a handler which runs in
 * between sees the old or the new whole. A handler may run on any thread; it calls nothing that is
 * not async-signal-safe (signal-safety(7)): poll, write, tcsetattr, fcntl, sigaction, raise,
 * getpid.
 *
 * A child of ours that dies between fork and exec has these handlers too, and must leave the
 * terminal alone: hence the pid. */
#include "tui/terminal/term_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESTORE_WAITS 10 /* times 50 ms, for a terminal that takes nothing */

/* Those that mean a crash are caught whatever else catches them, and passed on; those that ask the
 * program to end only when nothing in the program handles them itself. */
static const struct {
    int number;
    bool crash;
} fatal[] = {
    {SIGSEGV, true},  {SIGABRT, true}, {SIGBUS, true},  {SIGFPE, true},   {SIGILL, true},
    {SIGTERM, false}, {SIGHUP, false}, {SIGINT, false}, {SIGQUIT, false},
};
#define FATALS (sizeof fatal / sizeof *fatal)

static const int told[] = {SIGWINCH, SIGTSTP, SIGCONT};
#define TOLD (sizeof told / sizeof *told)

static struct {
    volatile sig_atomic_t armed;
    volatile sig_atomic_t which; /* the undo in force */
    volatile sig_atomic_t resized, stop, continued;
    struct guard_setup setup;
    char undo[2][GUARD_UNDO_MAX];
    volatile size_t undo_n[2];
    pid_t pid;
    bool started, at_exit;
    struct sigaction old_fatal[FATALS], old_told[TOLD];
    bool caught[FATALS];
    stack_t old_stack;
    void *stack;
} guard;

static void write_all(int fd, const char *bytes, size_t n)
{
    for (int waits = 0; n > 0 && waits < RESTORE_WAITS;) {
        ssize_t done = write(fd, bytes, n);
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        } else if (done < 0 && errno == EAGAIN) {
            struct pollfd p = {.fd = fd, .events = POLLOUT};
            if (poll(&p, 1, 50) == 0)
                waits++;
        } else if (done == 0 || errno != EINTR) {
            return;
        }
    }
}

void guard_restore(void)
{
    if (!guard.armed || getpid() != guard.pid)
        return;
    guard.armed = 0;
    const struct guard_setup *s = &guard.setup;
    sigset_t ttou, before;
    sigemptyset(&ttou);
    sigaddset(&ttou, SIGTTOU); /* in the background tcsetattr would stop us */
    sigprocmask(SIG_BLOCK, &ttou, &before);
    int which = guard.which;
    write_all(s->out_fd, guard.undo[which], guard.undo_n[which]);
    tcsetattr(s->in_fd, TCSANOW, &s->saved);
    if (s->in_flags >= 0)
        fcntl(s->in_fd, F_SETFL, s->in_flags);
    if (s->out_flags >= 0)
        fcntl(s->out_fd, F_SETFL, s->out_flags);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static void on_fatal(int number)
{
    int saved = errno;

    guard_restore();
    for (size_t i = 0; i < FATALS; i++)
        if (fatal[i].number == number)
            sigaction(number, &guard.old_fatal[i], NULL);
    raise(number); /* it comes when this handler returns, and meets what was there before us */
    errno = saved;
}

static void on_told(int number)
{
    int saved = errno;
    uint64_t one = 1;

    if (number == SIGWINCH)
        guard.resized = 1;
    else if (number == SIGTSTP)
        guard.stop = 1;
    else
        guard.continued = 1;
    if (getpid() == guard.pid && write(guard.setup.event_fd, &one, sizeof one) < 0) {
        /* It is full: then it has been rung already. */
    }
    errno = saved;
}

/* A crash for want of stack needs another one; somebody else's is as good. */
static void give_stack(void)
{
    stack_t now;

    guard.stack = NULL;
    if (sigaltstack(NULL, &now) != 0 || !(now.ss_flags & SS_DISABLE))
        return;
    size_t size = (size_t)SIGSTKSZ < 65536 ? 65536 : (size_t)SIGSTKSZ;
    guard.stack = malloc(size);
    stack_t ours = {.ss_sp = guard.stack, .ss_size = size};
    if (!guard.stack || sigaltstack(&ours, &guard.old_stack) != 0) {
        free(guard.stack);
        guard.stack = NULL;
    }
}

void guard_start(const struct guard_setup *setup)
{
    struct sigaction ends = {.sa_handler = on_fatal, .sa_flags = SA_ONSTACK};
    struct sigaction tells = {.sa_handler = on_told, .sa_flags = SA_RESTART | SA_ONSTACK};

    guard_stop(); /* a handler that is 'what was before us' would call itself for ever */
    guard.setup = *setup;
    guard.pid = getpid();
    guard.undo_n[0] = guard.undo_n[1] = 0;
    guard.resized = guard.stop = guard.continued = 0;
    give_stack();
    sigfillset(&ends.sa_mask); /* one way out at a time */
    sigfillset(&tells.sa_mask);
    for (size_t i = 0; i < FATALS; i++) {
        sigaction(fatal[i].number, NULL, &guard.old_fatal[i]);
        bool theirs = guard.old_fatal[i].sa_handler != SIG_DFL;
        guard.caught[i] = fatal[i].crash || !theirs;
        if (guard.caught[i])
            sigaction(fatal[i].number, &ends, NULL);
    }
    for (size_t i = 0; i < TOLD; i++)
        sigaction(told[i], &tells, &guard.old_told[i]);
    if (!guard.at_exit)
        guard.at_exit = atexit(guard_restore) == 0;
    guard.started = true;
}

void guard_undo(const char *bytes, size_t n)
{
    int next = !guard.which;

    if (n > GUARD_UNDO_MAX)
        return;
    memcpy(guard.undo[next], bytes, n);
    guard.undo_n[next] = n;
    atomic_signal_fence(memory_order_seq_cst);
    guard.which = next;
}

void guard_arm(void)
{
    guard.armed = 1;
}

void guard_stop(void)
{
    struct sigaction now;

    if (!guard.started)
        return;
    guard_restore();
    for (size_t i = 0; i < FATALS; i++) {
        sigaction(fatal[i].number, NULL, &now);
        if (guard.caught[i] && now.sa_handler == on_fatal)
            sigaction(fatal[i].number, &guard.old_fatal[i], NULL);
    }
    for (size_t i = 0; i < TOLD; i++) {
        sigaction(told[i], NULL, &now);
        if (now.sa_handler == on_told)
            sigaction(told[i], &guard.old_told[i], NULL);
    }
    if (guard.stack) {
        sigaltstack(&guard.old_stack, NULL);
        free(guard.stack);
        guard.stack = NULL;
    }
    guard.started = false;
}

unsigned guard_events(void)
{
    unsigned events = 0;
    uint64_t count;

    if (read(guard.setup.event_fd, &count, sizeof count) < 0) {
        /* Nothing was rung; the flags say the same. */
    }
    if (guard.resized)
        events |= GUARD_RESIZED;
    guard.resized = 0;
    if (guard.stop)
        events |= GUARD_STOP;
    guard.stop = 0;
    if (guard.continued)
        events |= GUARD_CONTINUED;
    guard.continued = 0;
    return events;
}
