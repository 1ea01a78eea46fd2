// The least that a correct tool must do, as raw system calls: no sorting, no checks, no state, reused buffers.
#pragma once

#include <stddef.h>
#include <sys/stat.h>

// Ends the program with the last error, or with a message of its own when there is none.
_Noreturn void fail(const char *what, const char *path);
void *allocate(size_t size);

// Directories as work items: each thread takes them from a list of its own, and gives away what others wait for.
enum { threads_max = 16 };
extern int thread_count;
// Runs `directory` for each path that is added, on all processors; the first one is the empty path, the root.
void work_run(void (*directory)(int thread, const char *path), void (*ending)(int thread));
// Adds a directory to the thread's own list.
void work_add(int thread, const char *parent, const char *name);
// Gives half of the thread's own list to those that wait, if any do.
void work_share(int thread);

// One listing of a directory, in a buffer that each thread reuses.
struct listing {
    int descriptor;
    char *buffer;
    long filled, offset;
    int ended;
};
struct entry {
    const char *name;
    unsigned char type;
};
void listing_begin(struct listing *listing, int thread, int slot, int descriptor);
// Returns 0 at the end.
int listing_next(struct listing *listing, struct entry *entry);

// Gives the calling thread a table of descriptors of its own, which the kernel then need not lock.
void own_descriptors(void);
int open_root(const char *path);
// Opens a directory below a root; the empty path is the root itself.
int open_below(int root, const char *path);
void write_all(int descriptor, const char *bytes, size_t count, const char *path);
void read_exactly(int descriptor, char *bytes, size_t count, const char *path);

int floor_scan(int count, char **trees);
int floor_create(const char *tree);
int floor_mirror(const char *tree, int count, char **destinations, int updating);
int floor_extract(const char *destination);
