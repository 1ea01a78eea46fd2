// Unpacks a tar stream: the threads take turns at reading one MiB and making its directories, and write its files while
// others read on. Directories get their times in the end.
#include "floor.h"
#include "tar.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { buffer_size = 1 << 20, names_size = 1 << 20, batch_max = 4096 };

struct item {
    char *path, *target, *data;
    size_t size;
    struct timespec time;
    mode_t mode;
    char type;
};

struct batch {
    char *bytes, *names;
    size_t used, names_used;
    struct item items[batch_max];
    int count;
    int parent;
    char parent_path[4096];
};

static int root, is_over;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char *left;
static size_t left_size;
static struct item *made;
static long made_count, made_room;

static unsigned long number(const char *field, int size) {
    unsigned long value = 0;
    if (field[0] & 0x80) {
        for (int index = 1; index < size; index++) value = value << 8 | (unsigned char)field[index];
        return value;
    }
    for (int index = 0; index < size && field[index]; index++) {
        if (field[index] != ' ') value = value << 3 | (unsigned long)(field[index] - '0');
    }
    return value;
}

static char *keep(struct batch *batch, const char *text, size_t length) {
    char *copy = batch->names + batch->names_used;
    memcpy(copy, text, length);
    copy[length] = 0;
    batch->names_used += length + 1;
    return copy;
}

// Takes over what a pax header says of the next entry.
static void read_records(struct batch *batch, struct item *item, const char *text, const char *end) {
    while (text < end) {
        char *after;
        const char *next = text + strtoul(text, &after, 10);
        const char *key = after + 1, *value = memchr(key, '=', (size_t)(next - key));
        if (next <= text || next > end || !value) fail("a broken pax header", "");
        size_t length = (size_t)(next - 1 - ++value), name = (size_t)(value - 1 - key);
        if (name == 4 && !memcmp(key, "path", 4)) item->path = keep(batch, value, length);
        if (name == 8 && !memcmp(key, "linkpath", 8)) item->target = keep(batch, value, length);
        if (name == 4 && !memcmp(key, "size", 4)) item->size = strtoul(value, NULL, 10);
        if (name == 5 && !memcmp(key, "mtime", 5)) {
            item->time.tv_sec = strtol(value, &after, 10);
            long scale = 100000000;
            if (*after == '.') {
                for (after++; after < next - 1; after++, scale /= 10) item->time.tv_nsec += (*after - '0') * scale;
            }
        }
        text = next;
    }
}

static char *plain(char *path) {
    while (path[0] == '.' && path[1] == '/') path += 2;
    size_t length = strlen(path);
    while (length && path[length - 1] == '/') path[--length] = 0;
    return path;
}

// Reads one entry at an offset with all that stands before it; returns where the next begins, 0 when more is needed.
//
// An entry whose data ends outside the buffer is given only when it begins at the buffer's start.
static size_t read_item(struct batch *batch, size_t start, struct item *item) {
    size_t at = start;
    *item = (struct item){.size = (size_t)-1, .time = {.tv_sec = -1}};
    for (;;) {
        if (at + 512 > batch->used) return 0;
        struct tar_header *header = (struct tar_header *)(batch->bytes + at);
        if (!header->name[0]) {
            is_over = 1;
            return 0;
        }
        size_t size = number(header->size, sizeof header->size);
        char *data = batch->bytes + at + 512;
        size_t next = at + 512 + ((size + 511) & ~(size_t)511);
        if (header->type == 'x' || header->type == 'L' || header->type == 'K' || header->type == 'g') {
            if (next > batch->used) return 0;
            if (header->type == 'x') read_records(batch, item, data, data + size);
            if (header->type == 'L') item->path = keep(batch, data, strnlen(data, size));
            if (header->type == 'K') item->target = keep(batch, data, strnlen(data, size));
            at = next;
            continue;
        }
        item->type = header->type;
        errno = 0;
        if (!strchr("025", item->type)) fail("a kind of entry that is not known:", header->name);
        item->mode = (mode_t)number(header->mode, sizeof header->mode) & 07777;
        item->data = data;
        if (item->size == (size_t)-1) item->size = item->type == '0' ? size : 0;
        if (item->time.tv_sec < 0) item->time.tv_sec = (time_t)number(header->time, sizeof header->time);
        next = at + 512 + ((item->size + 511) & ~(size_t)511);
        if (next > batch->used && start > 0) return 0;
        if (!item->path) {
            char full[257];
            size_t length = 0;
            if (!memcmp(header->magic, "ustar\0", 6) && header->ustar.prefix[0]) {
                length = strnlen(header->ustar.prefix, sizeof header->ustar.prefix);
                memcpy(full, header->ustar.prefix, length);
                full[length++] = '/';
            }
            size_t more = strnlen(header->name, sizeof header->name);
            memcpy(full + length, header->name, more);
            item->path = keep(batch, full, length + more);
        }
        if (!item->target) item->target = keep(batch, header->target, strnlen(header->target, sizeof header->target));
        item->path = plain(item->path);
        return next;
    }
}

static void make_directory(struct item *item) {
    if (!*item->path) return;
    if (mkdirat(root, item->path, item->mode | 0700) != 0) fail("mkdirat", item->path);
    if (made_count == made_room) {
        made_room = made_room ? 2 * made_room : 4096;
        made = realloc(made, (size_t)made_room * sizeof *made);
        if (!made) fail("realloc", "");
    }
    made[made_count] = *item;
    made[made_count++].path = strdup(item->path);
}

// Opens a file's directory unless the last file had the same one; returns the file's name in it.
static const char *enter_parent(struct batch *batch, const char *path) {
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (batch->parent < 0 || strncmp(batch->parent_path, path, length) || batch->parent_path[length]) {
        if (batch->parent >= 0) close(batch->parent);
        errno = 0;
        if (length >= sizeof batch->parent_path) fail("path too long:", path);
        memcpy(batch->parent_path, path, length);
        batch->parent_path[length] = 0;
        batch->parent = open_below(root, batch->parent_path);
    }
    return slash ? slash + 1 : path;
}

static int begin_file(struct batch *batch, struct item *item) {
    const char *name = enter_parent(batch, item->path);
    int file = openat(batch->parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, item->mode);
    if (file < 0) fail("openat", item->path);
    return file;
}

static void end_file(int file, struct item *item) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, item->time};
    if (item->mode & 06000 && fchmod(file, item->mode) != 0) fail("fchmod", item->path);
    if (futimens(file, times) != 0) fail("futimens", item->path);
    close(file);
}

static void write_item(struct batch *batch, struct item *item) {
    if (item->type == '2') {
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, item->time};
        const char *name = enter_parent(batch, item->path);
        if (symlinkat(item->target, batch->parent, name) != 0) fail("symlinkat", item->path);
        if (utimensat(batch->parent, name, times, AT_SYMLINK_NOFOLLOW) != 0) fail("utimensat", item->path);
    } else {
        int file = begin_file(batch, item);
        write_all(file, item->data, item->size, item->path);
        end_file(file, item);
    }
}

// A file larger than the buffer, written while nobody else reads; returns where the next entry begins.
static size_t write_large(struct batch *batch, struct item *item) {
    int file = begin_file(batch, item);
    size_t had = batch->used - (size_t)(item->data - batch->bytes), rest = item->size - had;
    write_all(file, item->data, had, item->path);
    while (rest > 0) {
        size_t chunk = rest < buffer_size ? rest : buffer_size;
        read_exactly(0, batch->bytes, chunk, item->path);
        write_all(file, batch->bytes, chunk, item->path);
        rest -= chunk;
    }
    end_file(file, item);
    read_exactly(0, batch->bytes, -item->size & 511, item->path);
    return batch->used;
}

// Reads the next entries and makes the directories among them; to be called by one thread at a time.
static void take(struct batch *batch) {
    size_t at = 0;
    batch->count = 0;
    batch->names_used = 0;
    memcpy(batch->bytes, left, left_size);
    batch->used = left_size;
    while (batch->used < buffer_size) {
        ssize_t got = read(0, batch->bytes + batch->used, buffer_size - batch->used);
        if (got < 0) fail("read", "standard input");
        if (!got) break;
        batch->used += (size_t)got;
    }
    while (batch->count < batch_max && batch->names_used < names_size / 2) {
        struct item *item = &batch->items[batch->count];
        size_t next = read_item(batch, at, item);
        if (!next) break;
        if (next > batch->used) {
            errno = 0;
            if (item->type != '0') fail("a stream that ends early", item->path);
            at = write_large(batch, item);
            break;
        }
        if (item->type == '5') {
            make_directory(item);
        } else {
            batch->count++;
        }
        at = next;
    }
    errno = 0;
    if (!at && !is_over) fail("a stream that ends early", "");
    left_size = batch->used - at;
    memcpy(left, batch->bytes + at, left_size);
    // What follows the end has to be read, or the writer would see a broken pipe.
    while (is_over && read(0, left, buffer_size) > 0) continue;
}

static void *run(void *unused) {
    struct batch *batch = allocate(sizeof *batch);
    (void)unused;
    batch->bytes = allocate(buffer_size);
    batch->names = allocate(names_size);
    batch->parent = -1;
    own_descriptors();
    for (;;) {
        pthread_mutex_lock(&turn);
        if (is_over) break;
        take(batch);
        pthread_mutex_unlock(&turn);
        for (int index = 0; index < batch->count; index++) write_item(batch, &batch->items[index]);
    }
    pthread_mutex_unlock(&turn);
    return NULL;
}

int floor_extract(const char *destination) {
    pthread_t threads[threads_max];
    umask(0);
    root = open_root(destination);
    left = allocate(buffer_size);
    fcntl(0, F_SETPIPE_SZ, buffer_size);
    for (int index = 0; index < thread_count; index++) {
        if (pthread_create(&threads[index], NULL, run, NULL) != 0) fail("pthread_create", "");
    }
    for (int index = 0; index < thread_count; index++) pthread_join(threads[index], NULL);
    for (long index = made_count; index-- > 0;) {
        struct item *item = &made[index];
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, item->time};
        if ((item->mode & 06700) != 0700 && fchmodat(root, item->path, item->mode, 0) != 0) fail("fchmodat", item->path);
        if (utimensat(root, item->path, times, AT_SYMLINK_NOFOLLOW) != 0) fail("utimensat", item->path);
    }
    return 0;
}
