/* Room: bench._chaos_clock. Preloaded into a program, it moves the wall clock that the program sees; never the monotonic one.
 *
 * CHAOS_CLOCK names a file of eight bytes: by how many seconds the clock is off, as a 64-bit number of this machine. It is
 * mapped, so that a step is seen at the next look. (libfaketime 0.9.10 is no help: with the monotonic clock left alone, its
 * clock_nanosleep() fails, and with it every time.sleep() of Python 3.11.)
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *off;

__attribute__((constructor)) static void look(void) {
    const char *path = getenv("CHAOS_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof *off, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) off = mapped;
}

int clock_gettime(clockid_t which, struct timespec *moment) {
    int failed = (int)syscall(SYS_clock_gettime, which, moment);
    if (!failed && off && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) moment->tv_sec += *off;
    return failed;
}

int gettimeofday(struct timeval *restrict moment, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    moment->tv_sec = now.tv_sec;
    moment->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *moment) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (moment) *moment = now.tv_sec;
    return now.tv_sec;
}
