#include "floor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { listing_size = 1 << 16 };

struct list {
    char **paths;
    long first, count, room;
};

static struct list own[threads_max];
static struct list shared;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int active;
static atomic_int waiting;
static void (*work)(int, const char *);
static void (*finish)(int);
int thread_count = 2;

_Noreturn void fail(const char *what, const char *path) {
    fprintf(stderr, "ferry-floor: %s %s: %s\n", what, path, errno ? strerror(errno) : "unexpected");
    exit(1);
}

void *allocate(size_t size) {
    void *memory = malloc(size);
    if (!memory) fail("malloc", "");
    return memory;
}

static void append(struct list *list, char *path) {
    if (list->first + list->count == list->room) {
        memmove(list->paths, list->paths + list->first, list->count * sizeof(char *));
        list->first = 0;
        if (list->count * 2 >= list->room) {
            list->room = list->room ? list->room * 2 : 1024;
            list->paths = realloc(list->paths, list->room * sizeof(char *));
            if (!list->paths) fail("realloc", "");
        }
    }
    list->paths[list->first + list->count++] = path;
}

static char *last(struct list *list) { return list->paths[list->first + --list->count]; }

void work_add(int thread, const char *parent, const char *name) {
    size_t length = strlen(parent), more = strlen(name);
    char *path = allocate(length + more + 2);
    memcpy(path, parent, length);
    if (length) path[length++] = '/';
    memcpy(path + length, name, more + 1);
    append(&own[thread], path);
}

void work_share(int thread) {
    struct list *mine = &own[thread];
    if (!mine->count || !atomic_load_explicit(&waiting, memory_order_relaxed)) return;
    pthread_mutex_lock(&lock);
    // The oldest ones: most lies below them.
    for (long left = (mine->count + 1) / 2; left > 0; left--) {
        append(&shared, mine->paths[mine->first++]);
        mine->count--;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

// Another thread's work, or NULL when none is left and nobody can make more.
static char *wait_for_work(void) {
    char *path = NULL;
    pthread_mutex_lock(&lock);
    active--;
    atomic_fetch_add(&waiting, 1);
    while (!shared.count && active) pthread_cond_wait(&changed, &lock);
    atomic_fetch_sub(&waiting, 1);
    if (shared.count) {
        path = last(&shared);
        active++;
    } else {
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
    return path;
}

void own_descriptors(void) {
    // Containers may forbid it; it is faster, and that is all.
    (void)unshare(CLONE_FILES);
}

static void *run(void *argument) {
    int thread = (int)(long)argument;
    own_descriptors();
    for (;;) {
        char *path = own[thread].count ? last(&own[thread]) : wait_for_work();
        if (!path) break;
        work(thread, path);
        free(path);
    }
    if (finish) finish(thread);
    return NULL;
}

void work_run(void (*directory)(int, const char *), void (*ending)(int)) {
    pthread_t threads[threads_max];
    work = directory;
    finish = ending;
    active = thread_count;
    char *root = allocate(1);
    *root = 0;
    append(&own[0], root);
    for (long index = 0; index < thread_count; index++) {
        if (pthread_create(&threads[index], NULL, run, (void *)index) != 0) fail("pthread_create", "");
    }
    for (int index = 0; index < thread_count; index++) pthread_join(threads[index], NULL);
}

void listing_begin(struct listing *listing, int thread, int slot, int descriptor) {
    static char *buffers[threads_max][2];
    if (!buffers[thread][slot]) buffers[thread][slot] = allocate(listing_size);
    *listing = (struct listing){.descriptor = descriptor, .buffer = buffers[thread][slot]};
}

int listing_next(struct listing *listing, struct entry *entry) {
    for (;;) {
        if (listing->offset == listing->filled) {
            if (listing->ended) return 0;
            listing->filled = syscall(SYS_getdents64, listing->descriptor, listing->buffer, listing_size);
            listing->offset = 0;
            if (listing->filled < 0) fail("getdents64", "");
            if (!listing->filled) return 0;
            // ext4 and its like fill the buffer as long as there is more.
            listing->ended = listing->filled < listing_size - 4096;
        }
        struct dirent64 *found = (struct dirent64 *)(listing->buffer + listing->offset);
        listing->offset += found->d_reclen;
        const char *name = found->d_name;
        if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]))) continue;
        entry->name = name;
        entry->type = found->d_type;
        return 1;
    }
}

int open_root(const char *path) {
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) fail("open", path);
    return descriptor;
}

int open_below(int root, const char *path) {
    int descriptor = openat(root, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) fail("openat", path);
    return descriptor;
}

void write_all(int descriptor, const char *bytes, size_t count, const char *path) {
    while (count > 0) {
        ssize_t written = write(descriptor, bytes, count);
        if (written <= 0) fail("write", path);
        bytes += written;
        count -= (size_t)written;
    }
}

void read_exactly(int descriptor, char *bytes, size_t count, const char *path) {
    while (count > 0) {
        ssize_t got = read(descriptor, bytes, count);
        if (got <= 0) fail("read", path);
        bytes += got;
        count -= (size_t)got;
    }
}
