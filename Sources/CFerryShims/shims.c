#include "CFerryShims.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <locale.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

int ferry_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = flags;
    how.mode = mode;
    how.resolve = resolve;
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int32_t ferry_open(int32_t directory, const char *name, int32_t flags, uint32_t mode) {
    return (int32_t)syscall(SYS_openat, directory, name, flags | O_LARGEFILE, mode);
}

int32_t ferry_close(int32_t descriptor) {
    return (int32_t)syscall(SYS_close, descriptor);
}

int64_t ferry_read(int32_t descriptor, void *buffer, size_t size) {
    return syscall(SYS_read, descriptor, buffer, size);
}

int64_t ferry_read_at(int32_t descriptor, void *buffer, size_t size, int64_t offset) {
    return syscall(SYS_pread64, descriptor, buffer, size, offset);
}

int64_t ferry_write(int32_t descriptor, const void *bytes, size_t size) {
    return syscall(SYS_write, descriptor, bytes, size);
}

int ferry_renameat2(int old_directory, const char *old_name, int new_directory, const char *new_name, unsigned int flags) {
    return (int)syscall(SYS_renameat2, old_directory, old_name, new_directory, new_name, flags);
}

int64_t ferry_getdents64(int directory, void *buffer, size_t size) {
    return syscall(SYS_getdents64, directory, buffer, size);
}

int ferry_set_thread_umask(uint32_t mask) {
    if (unshare(CLONE_FS) != 0) return -1;
    return (int)umask(mask);
}

static int split_descriptors(void) {
    return unshare(CLONE_FILES);
}

void ferry_own_descriptors(void) {
    // Only faster; where it is refused nothing changes.
    ferry_drop_guarded(split_descriptors);
}

static int close_range_of(unsigned int first, unsigned int last) {
#ifdef SYS_close_range
    return (int)syscall(SYS_close_range, first, last, 0);
#else
    (void)first;
    (void)last;
    return -1;
#endif
}

void ferry_own_descriptor_only(int32_t kept) {
    // Nothing is that high: this only asks whether there is such a call.
    if (kept <= STDERR_FILENO || close_range_of(UINT_MAX, UINT_MAX) != 0) return;
    ferry_own_descriptors();
    if (!ferry_has_own_descriptors()) return;
    if (kept > STDERR_FILENO + 1) close_range_of(STDERR_FILENO + 1, (unsigned int)kept - 1);
    close_range_of((unsigned int)kept + 1, UINT_MAX);
}

int ferry_clone_file(int destination, int source) {
    return ioctl(destination, FICLONE, source);
}

static pthread_once_t utf8_once = PTHREAD_ONCE_INIT;
static locale_t utf8_locale;

static void make_utf8_locale(void) {
    utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

void *ferry_enter_utf8_locale(void) {
    pthread_once(&utf8_once, make_utf8_locale);
    // libarchive takes a stale ENOMEM for its own when it cannot convert a name.
    errno = 0;
    if (utf8_locale == (locale_t)0) return NULL;
    return uselocale(utf8_locale);
}

void ferry_leave_utf8_locale(void *before) {
    if (before != NULL) uselocale((locale_t)before);
}

void ferry_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

int64_t ferry_copy_file_range(int source, int destination, size_t count) {
    return copy_file_range(source, NULL, destination, NULL, count, 0);
}

int64_t ferry_seek_data(int file, int64_t offset) {
    return lseek(file, offset, SEEK_DATA);
}

int64_t ferry_seek_hole(int file, int64_t offset) {
    return lseek(file, offset, SEEK_HOLE);
}

int64_t ferry_attribute_size(int file, const char *name) {
    return fgetxattr(file, name, NULL, 0);
}

int64_t ferry_splice(int source, int destination, size_t count) {
    return splice(source, NULL, destination, NULL, count, SPLICE_F_MOVE);
}

int64_t ferry_file_system_type(int file) {
    struct statfs buffer;
    return fstatfs(file, &buffer) == 0 ? (int64_t)buffer.f_type : -1;
}

int ferry_change_mode(int directory, const char *name, uint32_t mode) {
    int file = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return -1;
    struct stat status;
    int result = fstat(file, &status);
    if (result == 0 && S_ISLNK(status.st_mode)) {
        errno = ELOOP;
        result = -1;
    }
    if (result == 0) {
        // fchmod(2) refuses O_PATH; the magic link leads to exactly the file that is held open. Not through /proc/self: that is
        // the first thread's table of descriptors, and this thread may have one of its own.
        char path[48];
        snprintf(path, sizeof path, "/proc/thread-self/fd/%d", file);
        result = chmod(path, (mode_t)mode);
    }
    int saved = errno;
    close(file);
    errno = saved;
    return result;
}

int ferry_copy_access_list(int source, int destination) {
    static const char name[] = "system.posix_acl_access";
    char value[4096];
    ssize_t size = fgetxattr(source, name, value, sizeof value);
    if (size < 0) return errno == ENODATA || errno == ENOTSUP ? 0 : -1;
    return fsetxattr(destination, name, value, (size_t)size, 0);
}

int64_t ferry_mount_id(int file) {
    struct statx status;
    if (statx(file, "", AT_EMPTY_PATH, STATX_TYPE | STATX_MNT_ID, &status) != 0) return -1;
    if (status.stx_mask & STATX_MNT_ID) return (int64_t)status.stx_mnt_id;
    return ((int64_t)status.stx_dev_major << 32) | status.stx_dev_minor;
}

int ferry_is_casefolded(int directory) {
    int attributes = 0;
    if (ioctl(directory, FS_IOC_GETFLAGS, &attributes) != 0) return 0;
    return (attributes & FS_CASEFOLD_FL) != 0;
}

int ferry_free_space(int file, int64_t *bytes, int64_t *inodes) {
    struct statvfs status;
    if (fstatvfs(file, &status) != 0) return -1;
    *bytes = (int64_t)status.f_bavail * (int64_t)status.f_frsize;
    // btrfs and others make inodes as they need them and report none at all.
    *inodes = status.f_files == 0 ? -1 : (int64_t)status.f_favail;
    return 0;
}

int ferry_try_lock_mode(int file, int exclusive) {
    return flock(file, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);
}

int ferry_try_lock(int file) {
    return ferry_try_lock_mode(file, 1);
}

void ferry_unlock(int file) {
    (void)flock(file, LOCK_UN);
}

int ferry_sync_file_system(int file) {
    return syncfs(file);
}

int ferry_may_write_into(int directory) {
    return faccessat(directory, ".", W_OK | X_OK, AT_EACCESS);
}

void ferry_stamp_clock(int64_t *seconds, uint32_t *nanoseconds) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    *seconds = now.tv_sec;
    *nanoseconds = (uint32_t)now.tv_nsec;
}

int64_t ferry_room_in_pipe(int32_t pipe) {
    int capacity = fcntl(pipe, F_GETPIPE_SZ);
    if (capacity <= 0) return -1;
    int64_t room = 0;
    // At 150 MB/s, about what a tar unpacks, half of 1 MiB lasts 3 ms.
    // A reader that only copies empties half of it in 0.1 ms: the first naps are short, or it would wait.
    long pause = 25 * 1000;
    for (int turn = 0; turn < 18; turn++) {
        int held = 0;
        if (ioctl(pipe, FIONREAD, &held) != 0) return -1;
        room = (int64_t)capacity - held;
        if (room >= capacity / 2) break;
        struct timespec nap = {0, pause};
        nanosleep(&nap, NULL);
        if (pause < 200 * 1000) pause *= 2;
    }
    return room;
}

void ferry_settle_memory(void) {
    (void)mallopt(M_ARENA_MAX, 2);
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
}
