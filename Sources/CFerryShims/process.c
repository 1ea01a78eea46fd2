#include "ferry_process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// One byte a descriptor, 1 for those that are guarded. The mutex is held while such a descriptor is made or closed and while a
// thread takes a table of its own, so that no copy can slip through.
static pthread_mutex_t guard_mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned char *guarded;
static int guarded_capacity;
static __thread int has_own_descriptors;

static int guard(int descriptor) {
    if (descriptor >= guarded_capacity) {
        int capacity = descriptor + 256;
        unsigned char *larger = realloc(guarded, (size_t)capacity);
        if (larger == NULL) return -1;
        memset(larger + guarded_capacity, 0, (size_t)(capacity - guarded_capacity));
        guarded = larger;
        guarded_capacity = capacity;
    }
    guarded[descriptor] = 1;
    return 0;
}

// Moves a descriptor away from the standard streams, whose numbers are free when this process was started without them.
static int above_standard(int descriptor) {
    if (descriptor > STDERR_FILENO) return descriptor;
    int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int saved = errno;
    close(descriptor);
    errno = saved;
    return moved;
}

int ferry_guarded_pipe(int32_t *read_end, int32_t *write_end) {
    int ends[2];
    pthread_mutex_lock(&guard_mutex);
    int result = pipe2(ends, O_CLOEXEC);
    if (result == 0) {
        ends[0] = above_standard(ends[0]);
        ends[1] = above_standard(ends[1]);
        if (ends[0] < 0 || ends[1] < 0 || guard(ends[0]) != 0 || guard(ends[1]) != 0) {
            int saved = errno;
            if (ends[0] >= 0) close(ends[0]);
            if (ends[1] >= 0) close(ends[1]);
            errno = saved;
            result = -1;
        } else {
            // Fewer, larger reads and writes; refused when the user's pipes hold too much already, which does not matter.
            (void)fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
            *read_end = ends[0];
            *write_end = ends[1];
        }
    }
    pthread_mutex_unlock(&guard_mutex);
    return result;
}

void ferry_close_guarded(int32_t descriptor) {
    pthread_mutex_lock(&guard_mutex);
    if (descriptor >= 0 && descriptor < guarded_capacity) guarded[descriptor] = 0;
    // In a table of its own the number may mean another file by now.
    if (!has_own_descriptors) close(descriptor);
    pthread_mutex_unlock(&guard_mutex);
}

void ferry_drop_guarded(int (*take)(void)) {
    pthread_mutex_lock(&guard_mutex);
    if (take() == 0) {
        has_own_descriptors = 1;
        for (int descriptor = 0; descriptor < guarded_capacity; descriptor++) {
            if (guarded[descriptor]) close(descriptor);
        }
    }
    pthread_mutex_unlock(&guard_mutex);
}

int ferry_has_own_descriptors(void) {
    return has_own_descriptors;
}

int32_t ferry_spawn(
    char *const arguments[], char *const environment[], int32_t input, int32_t output, int32_t errors, int32_t own_group,
    int32_t *child) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int status = posix_spawn_file_actions_init(&actions);
    if (status != 0) return status;
    status = posix_spawnattr_init(&attributes);
    if (status != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return status;
    }
    sigset_t all, none;
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    sigemptyset(&none);
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    if (own_group) flags |= POSIX_SPAWN_SETPGROUP;
    if (status == 0) status = posix_spawnattr_setflags(&attributes, flags);
    if (status == 0) status = posix_spawnattr_setsigdefault(&attributes, &all);
    if (status == 0) status = posix_spawnattr_setsigmask(&attributes, &none);
    if (status == 0) status = posix_spawnattr_setpgroup(&attributes, 0);
    if (status == 0) status = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (status == 0) status = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (status == 0) status = posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    // Whatever another library left open without close-on-exec.
    if (status == 0) status = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    pid_t identifier = 0;
    if (status == 0) {
        status = posix_spawnp(
            &identifier, arguments[0], &actions, &attributes, arguments, environment != NULL ? environment : environ);
    }
    *child = identifier;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

int32_t ferry_peek_child(int32_t child, int32_t *status) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    int result;
    do {
        result = waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT);
    } while (result != 0 && errno == EINTR);
    if (result != 0) return -1;
    if (info.si_pid == 0) return 0;
    *status = info.si_code == CLD_EXITED ? (info.si_status & 0xFF) << 8 : info.si_status & 0x7F;
    return 1;
}

int32_t ferry_open_child(int32_t child) {
    return (int32_t)syscall(SYS_pidfd_open, child, 0);
}

// Blocks SIGPIPE in this thread; returns whether it was already waiting, which must then stay so.
static int hold_pipe_signal(sigset_t *before) {
    sigset_t pipe_signal, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, before);
    return sigismember(&pending, SIGPIPE);
}

static void release_pipe_signal(const sigset_t *before, int was_pending, int broke) {
    int saved = errno;
    if (broke && !was_pending) {
        sigset_t pipe_signal;
        sigemptyset(&pipe_signal);
        sigaddset(&pipe_signal, SIGPIPE);
        struct timespec now = {0, 0};
        while (sigtimedwait(&pipe_signal, NULL, &now) < 0 && errno == EINTR) {
        }
    }
    pthread_sigmask(SIG_SETMASK, before, NULL);
    errno = saved;
}

int64_t ferry_write_quietly(int32_t descriptor, const void *bytes, size_t count) {
    sigset_t before;
    int was_pending = hold_pipe_signal(&before);
    ssize_t result = write(descriptor, bytes, count);
    release_pipe_signal(&before, was_pending, result < 0 && errno == EPIPE);
    return result;
}

int64_t ferry_splice_quietly(int32_t source, int32_t destination, size_t count) {
    sigset_t before;
    int was_pending = hold_pipe_signal(&before);
    ssize_t result = splice(source, NULL, destination, NULL, count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    release_pipe_signal(&before, was_pending, result < 0 && errno == EPIPE);
    return result;
}

int32_t ferry_event(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void ferry_raise(int32_t event) {
    uint64_t one = 1;
    // Full means raised already.
    ssize_t ignored = write(event, &one, sizeof one);
    (void)ignored;
}

int32_t ferry_private_directory(char *pattern) {
    return mkdtemp(pattern) != NULL ? 0 : -1;
}
