// Copies a tree: mkdirat, openat, fstat, read, write, futimens and close; a directory's time when all in it is made.
#include "floor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { buffer_size = 1 << 20, destinations_max = 8 };

static int source, destinations[destinations_max], destination_count, is_update;
static char *buffers[threads_max];

static void set_times(int descriptor, const struct stat *status, const char *path) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, status->st_mtim};
    if (futimens(descriptor, times) != 0) fail("futimens", path);
}

static int is_same(const struct stat *one, const struct stat *other) {
    return one->st_mode == other->st_mode && one->st_mtim.tv_sec == other->st_mtim.tv_sec
        && one->st_mtim.tv_nsec == other->st_mtim.tv_nsec && (S_ISDIR(one->st_mode) || one->st_size == other->st_size);
}

static void copy_file(int thread, int from, const int *to, int count, const char *name) {
    int outputs[destinations_max];
    struct stat status;
    int input = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (input < 0) fail("openat", name);
    if (fstat(input, &status) != 0) fail("fstat", name);
    mode_t mode = status.st_mode & 07777;
    for (int index = 0; index < count; index++) {
        outputs[index] = openat(
            to[index], name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_CREAT | (is_update ? O_TRUNC : O_EXCL), mode);
        if (outputs[index] < 0) fail("openat", name);
    }
    for (off_t left = status.st_size; left > 0;) {
        size_t chunk = left < buffer_size ? (size_t)left : buffer_size;
        read_exactly(input, buffers[thread], chunk, name);
        for (int index = 0; index < count; index++) write_all(outputs[index], buffers[thread], chunk, name);
        left -= (off_t)chunk;
    }
    close(input);
    for (int index = 0; index < count; index++) {
        // Writing takes these bits away; overwriting keeps the old mode.
        if ((mode & 06000 || is_update) && fchmod(outputs[index], mode) != 0) fail("fchmod", name);
        set_times(outputs[index], &status, name);
        close(outputs[index]);
    }
}

static void copy_link(int from, const int *to, int count, const char *name, const struct stat *status) {
    char target[4097];
    ssize_t length = readlinkat(from, name, target, sizeof target);
    if (length < 0 || length == sizeof target) fail("readlinkat", name);
    target[length] = 0;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, status->st_mtim};
    for (int index = 0; index < count; index++) {
        if (is_update) unlinkat(to[index], name, 0);
        if (symlinkat(target, to[index], name) != 0) fail("symlinkat", name);
        if (utimensat(to[index], name, times, AT_SYMLINK_NOFOLLOW) != 0) fail("utimensat", name);
    }
}

// Finds the destinations that do not have the entry as it should be; returns how many.
static int find_stale(const int *to, int count, int *stale, const char *name, const struct stat *status) {
    struct stat there;
    int found = 0;
    for (int index = 0; index < count; index++) {
        int result = fstatat(to[index], name, &there, AT_SYMLINK_NOFOLLOW);
        if (result != 0 && errno != ENOENT) fail("fstatat", name);
        if (result != 0 || !is_same(status, &there)) stale[found++] = to[index];
    }
    return found;
}

static long entries_in(int thread, int descriptor) {
    struct listing listing;
    struct entry entry;
    long count = 0;
    listing_begin(&listing, thread, 1, descriptor);
    while (listing_next(&listing, &entry)) count++;
    return count;
}

static void directory(int thread, const char *path) {
    int to[destinations_max], stale[destinations_max];
    struct listing listing;
    struct entry entry;
    struct stat status, own;
    long entries = 0;
    if (!buffers[thread]) buffers[thread] = allocate(buffer_size);
    int from = open_below(source, path);
    for (int index = 0; index < destination_count; index++) to[index] = open_below(destinations[index], path);
    listing_begin(&listing, thread, 0, from);
    while (listing_next(&listing, &entry)) {
        const int *targets = to;
        int count = destination_count;
        entries++;
        if (entry.type != DT_REG || is_update) {
            if (fstatat(from, entry.name, &status, AT_SYMLINK_NOFOLLOW) != 0) fail("fstatat", entry.name);
        }
        if (is_update && entry.type != DT_DIR) {
            count = find_stale(to, count, stale, entry.name, &status);
            targets = stale;
            if (!count) continue;
        }
        if (entry.type == DT_REG) {
            copy_file(thread, from, targets, count, entry.name);
        } else if (entry.type == DT_LNK) {
            copy_link(from, targets, count, entry.name, &status);
        } else if (entry.type == DT_DIR) {
            for (int index = 0; index < count; index++) {
                if (mkdirat(to[index], entry.name, (status.st_mode & 07777) | 0700) != 0
                    && !(is_update && errno == EEXIST)) fail("mkdirat", entry.name);
            }
            work_add(thread, path, entry.name);
        } else {
            errno = 0;
            fail("neither file, directory nor link:", entry.name);
        }
    }
    if (*path && fstat(from, &own) != 0) fail("fstat", path);
    for (int index = 0; index < destination_count; index++) {
        // What is nowhere in the source would have to be deleted: the rows that update have none.
        if (is_update && entries_in(thread, to[index]) != entries) {
            errno = 0;
            fail("more entries than the source has:", path);
        }
        int is_current = 0;
        if (is_update && *path) {
            if (fstat(to[index], &status) != 0) fail("fstat", path);
            is_current = is_same(&own, &status);
        }
        if (*path && !is_current) {
            if ((is_update || (own.st_mode & 06700) != 0700) && fchmod(to[index], own.st_mode & 07777) != 0) {
                fail("fchmod", path);
            }
            set_times(to[index], &own, path);
        }
        close(to[index]);
    }
    close(from);
    work_share(thread);
}

int floor_mirror(const char *tree, int count, char **paths, int updating) {
    errno = 0;
    if (count > destinations_max) fail("more than eight destinations:", paths[destinations_max]);
    umask(0);
    source = open_root(tree);
    is_update = updating;
    destination_count = count;
    for (int index = 0; index < count; index++) {
        if (mkdir(paths[index], 0755) != 0 && errno != EEXIST) fail("mkdir", paths[index]);
        destinations[index] = open_root(paths[index]);
    }
    work_run(directory, NULL);
    return 0;
}
