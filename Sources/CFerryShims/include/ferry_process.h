#pragma once

// Child processes and the pipes to them.

#include <stddef.h>
#include <stdint.h>

// Makes a pipe of two close-on-exec ends, both above the standard streams. The ends are guarded: a thread that takes a table of
// descriptors of its own (ferry_own_descriptors) does not keep a copy of them, which would hold the pipe open when the owner
// closes it.
int ferry_guarded_pipe(int32_t *read_end, int32_t *write_end);

// Closes a descriptor that ferry_guarded_pipe made.
void ferry_close_guarded(int32_t descriptor);

// For ferry_own_descriptors only: lets `take` split the table while no guarded descriptor is being made, then closes the guarded
// ones in the new table.
void ferry_drop_guarded(int (*take)(void));

// Whether the calling thread has a table of descriptors of its own: descriptors of other threads mean nothing, or something
// else, in it.
int ferry_has_own_descriptors(void);

// posix_spawnp(3) with the three descriptors as standard streams, no other descriptor inherited, all signals at their defaults
// and none blocked. `environment` may be NULL: this process's. Returns 0 or the error number.
int32_t ferry_spawn(
    char *const arguments[], char *const environment[], int32_t input, int32_t output, int32_t errors, int32_t own_group,
    int32_t *child);

// Whether a child has ended, without reaping it, so that its number and its group's stay taken. 1: it has, and `status` is as
// from waitpid(2); 0: not yet; -1: it cannot be learnt.
int32_t ferry_peek_child(int32_t child, int32_t *status);

// pidfd_open(2), or -1 where the kernel has none.
int32_t ferry_open_child(int32_t child);

// write(2) and splice(2) to a pipe that never raise SIGPIPE, whatever the process does with that signal.
int64_t ferry_write_quietly(int32_t descriptor, const void *bytes, size_t count);
int64_t ferry_splice_quietly(int32_t source, int32_t destination, size_t count);

// An eventfd(2): close-on-exec and non-blocking. `ferry_raise` makes it readable.
int32_t ferry_event(void);
void ferry_raise(int32_t event);

// mkdtemp(3), whose directory only this user can enter.
int32_t ferry_private_directory(char *pattern);
