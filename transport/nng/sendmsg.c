/* NNG 1.5.2 stops an IPC listener for ever when a client goes away before the greeting is written
 * to it: the write's EPIPE becomes NNG_ECLOSED, and the listener takes that for its own end. A
 * reset (ECONNRESET) costs that one client alone. So the program that serves has a sendmsg of its
 * own, found by the dynamic linker before libc's, which reports the one as the other. Nothing of
 * ours tells EPIPE from ECONNRESET. Any thread. */
#include "transport/nng/sendmsg.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    const ssize_t n = syscall(SYS_sendmsg, fd, message, flags | MSG_NOSIGNAL);
    if (n < 0 && errno == EPIPE)
        errno = ECONNRESET;
    return n;
}

bool sendmsg_guards(void)
{
    return dlsym(RTLD_DEFAULT, "sendmsg") == (void *)sendmsg;
}
