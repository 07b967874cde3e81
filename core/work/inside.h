/* Process 1 of a sandbox: `baton inside LIMITS -- COMMAND…`, which bubblewrap starts. It looks
 * whether what was mounted is what was meant (bubblewrap goes by a path, in which somebody inside
 * may just have put a link), puts the limits on itself, starts the command in a process group of
 * its own, hands on the signals that the keeper sends, buries whoever is left without a parent, and
 * ends with the command's status (128 and the signal's number when one killed it); the kernel ends
 * all others in there with it.
 *
 * It is ours, not bubblewrap's, for two reasons. What a keeper signals is a process group, in which
 * bubblewrap itself would be: it knows no signal and dies, and everybody inside with it. And
 * bubblewrap's own process 1 runs a file of the host by way of a mount that can be written, which
 * whoever is root outside could reach by /proc/1/exe; this one's file is mounted read-only. */
#ifndef BATON_WORK_INSIDE_H
#define BATON_WORK_INSIDE_H

#define INSIDE_WORD      "inside"
#define INSIDE_PROCESSES "--processes"
#define INSIDE_FILE      "--file"
#define INSIDE_DATA      "--data"  /* 0: none */
#define INSIDE_MOUNT     "--mount" /* DEVICE PLACE INODE: what is to be there, or nothing starts */

/* The body of it; argv begins behind the word. Gives the exit status: 2 wrong usage, 126 and 127 as
 * a shell does when the command cannot be run. */
int inside_main(int argc, char *const *argv);

#endif
