// Writes a tar stream: per file openat, fstat, read and close; writes of one MiB. Large files are spliced, without their
// holes.
#include "floor.h"
#include "tar.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { buffer_size = 1 << 20, splice_from = 128 << 10, islands_max = 4096 };

struct output {
    char *bytes;
    size_t used;
    char path[4096];
};

static int root;
static struct output outputs[threads_max];
static pthread_mutex_t stream = PTHREAD_MUTEX_INITIALIZER;
static const char zeros[512];

// What stands in the stream may be shared: a directory's header is then before all that lies in it.
static void flush(int thread) {
    struct output *output = &outputs[thread];
    pthread_mutex_lock(&stream);
    write_all(1, output->bytes, output->used, "standard output");
    pthread_mutex_unlock(&stream);
    output->used = 0;
    work_share(thread);
}

static void octal(char *field, int digits, unsigned long value) {
    for (field += digits; digits > 0; digits--, value >>= 3) *--field = (char)('0' + (value & 7));
}

// Eleven octal digits, or binary for what does not fit: files of 8 GiB and more.
static void number(char *field, unsigned long value) {
    if (value >> 33) {
        field[0] = (char)0x80;
        for (int index = 11; index > 3; index--, value >>= 8) field[index] = (char)value;
    } else {
        octal(field, 11, value);
    }
}

static void seal(struct tar_header *header) {
    unsigned sum = 0;
    memset(header->checksum, ' ', sizeof header->checksum);
    for (int index = 0; index < 512; index++) sum += ((unsigned char *)header)[index];
    octal(header->checksum, 6, sum);
    header->checksum[6] = 0;
}

static struct tar_header *add_block(struct output *output) {
    struct tar_header *header = (struct tar_header *)(output->bytes + output->used);
    memset(header, 0, 512);
    output->used += 512;
    return header;
}

// A name or a link's target that no header has room for.
static void add_long(struct output *output, char type, const char *text, size_t length) {
    struct tar_header *header = add_block(output);
    memcpy(header->name, "././@LongLink", 13);
    memcpy(header->magic, "ustar  ", 8);
    header->type = type;
    octal(header->size, 11, length + 1);
    seal(header);
    size_t padded = (length + 1 + 511) & ~(size_t)511;
    memset(output->bytes + output->used, 0, padded);
    memcpy(output->bytes + output->used, text, length);
    output->used += padded;
}

static struct tar_header *add_header(
    struct output *output, const char *path, size_t length, char type, size_t size, const struct stat *status) {
    if (length > sizeof((struct tar_header *)0)->name) add_long(output, 'L', path, length);
    struct tar_header *header = add_block(output);
    memcpy(header->name, path, length < sizeof header->name ? length : sizeof header->name);
    octal(header->mode, 7, status->st_mode & 07777);
    octal(header->owner, 7, status->st_uid & 07777777);
    octal(header->group, 7, status->st_gid & 07777777);
    number(header->size, size);
    number(header->time, (unsigned long)status->st_mtim.tv_sec);
    memcpy(header->magic, "ustar  ", 8);
    header->type = type;
    return header;
}

static void splice_all(int descriptor, off_t offset, size_t count, const char *path) {
    while (count > 0) {
        ssize_t moved = splice(descriptor, &offset, 1, NULL, count, SPLICE_F_MOVE | SPLICE_F_MORE);
        if (moved <= 0) fail("splice (standard output must be a pipe)", path);
        count -= (size_t)moved;
    }
}

// The parts of a file that are no holes; one part for a dense file.
static int find_islands(int descriptor, off_t size, off_t (*islands)[2], const char *path) {
    int count = 0;
    for (off_t at = 0; at < size;) {
        off_t start = lseek(descriptor, at, SEEK_DATA);
        if (start < 0 && errno == ENXIO) break;
        off_t end = start < 0 ? -1 : lseek(descriptor, start, SEEK_HOLE);
        if (end < 0 || count == islands_max) fail("lseek", path);
        islands[count][0] = start;
        islands[count++][1] = end - start;
        at = end;
    }
    return count;
}

static void write_large(
    struct output *output, int thread, int descriptor, const char *path, const struct stat *status) {
    static __thread off_t islands[islands_max + 1][2];
    size_t length = strlen(path);
    off_t size = status->st_size;
    int is_sparse = status->st_blocks * 512 < size - 4096;
    flush(thread);
    if (!is_sparse) {
        seal(add_header(output, path, length, '0', (size_t)size, status));
        pthread_mutex_lock(&stream);
        write_all(1, output->bytes, output->used, path);
        splice_all(descriptor, 0, (size_t)size, path);
        write_all(1, zeros, (size_t)(-size & 511), path);
    } else {
        int count = find_islands(descriptor, size, islands, path);
        size_t stored = 0;
        for (int index = 0; index < count; index++) stored += (size_t)islands[index][1];
        struct tar_header *header = add_header(output, path, length, 'S', stored, status);
        struct tar_sparse *slots = header->old.sparse, *last_slot = slots + 4;
        char *extended = &header->old.is_extended;
        number(header->old.real_size, (unsigned long)size);
        // GNU tar ends the list with an empty part at the file's size when the file ends in a hole.
        islands[count][0] = size;
        islands[count++][1] = 0;
        for (int index = 0; index < count; index++, slots++) {
            if (slots == last_slot) {
                *extended = 1;
                struct tar_sparse_block *block = (struct tar_sparse_block *)add_block(output);
                slots = block->sparse;
                last_slot = slots + 21;
                extended = &block->is_extended;
            }
            number(slots->offset, (unsigned long)islands[index][0]);
            number(slots->size, (unsigned long)islands[index][1]);
        }
        seal(header);
        pthread_mutex_lock(&stream);
        write_all(1, output->bytes, output->used, path);
        for (int index = 0; index < count; index++) {
            splice_all(descriptor, islands[index][0], (size_t)islands[index][1], path);
        }
        write_all(1, zeros, -stored & 511, path);
    }
    pthread_mutex_unlock(&stream);
    output->used = 0;
    work_share(thread);
}

static void write_file(struct output *output, int thread, int parent, const char *name, const char *path) {
    struct stat status;
    int descriptor = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) fail("openat", path);
    if (fstat(descriptor, &status) != 0) fail("fstat", path);
    size_t size = (size_t)status.st_size;
    if (size >= splice_from) {
        write_large(output, thread, descriptor, path, &status);
    } else {
        if (output->used + size + 16384 > buffer_size) flush(thread);
        seal(add_header(output, path, strlen(path), '0', size, &status));
        read_exactly(descriptor, output->bytes + output->used, size, path);
        size_t padding = -size & 511;
        memset(output->bytes + output->used + size, 0, padding);
        output->used += size + padding;
    }
    close(descriptor);
}

static void directory(int thread, const char *path) {
    struct output *output = &outputs[thread];
    struct listing listing;
    struct entry entry;
    struct stat status;
    char target[4096];
    size_t length = strlen(path);
    int descriptor = open_below(root, path);
    if (!output->bytes) output->bytes = allocate(buffer_size + (islands_max / 21 + 1) * 512);
    if (length > sizeof output->path - 300) fail("path too long:", path);
    memcpy(output->path, path, length);
    if (length) output->path[length++] = '/';
    listing_begin(&listing, thread, 0, descriptor);
    while (listing_next(&listing, &entry)) {
        size_t more = strlen(entry.name);
        memcpy(output->path + length, entry.name, more + 2);
        if (entry.type == DT_REG) {
            write_file(output, thread, descriptor, entry.name, output->path);
            continue;
        }
        if (output->used + 16384 > buffer_size) flush(thread);
        if (fstatat(descriptor, entry.name, &status, AT_SYMLINK_NOFOLLOW) != 0) fail("fstatat", output->path);
        if (S_ISDIR(status.st_mode)) {
            output->path[length + more] = '/';
            seal(add_header(output, output->path, length + more + 1, '5', 0, &status));
            work_add(thread, path, entry.name);
        } else if (S_ISLNK(status.st_mode)) {
            ssize_t count = readlinkat(descriptor, entry.name, target, sizeof target);
            errno = 0;
            if (count < 0 || count == sizeof target) fail("readlinkat", output->path);
            if (count > 100) add_long(output, 'K', target, (size_t)count);
            struct tar_header *header = add_header(output, output->path, length + more, '2', 0, &status);
            memcpy(header->target, target, count > 100 ? 100 : (size_t)count);
            seal(header);
        } else {
            errno = 0;
            fail("neither file, directory nor link:", output->path);
        }
    }
    close(descriptor);
}

int floor_create(const char *tree) {
    root = open_root(tree);
    fcntl(1, F_SETPIPE_SZ, buffer_size);
    work_run(directory, flush);
    write_all(1, zeros, sizeof zeros, "standard output");
    write_all(1, zeros, sizeof zeros, "standard output");
    return 0;
}
