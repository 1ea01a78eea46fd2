#pragma once

// What Swift cannot import: system calls without a wrapper, macros with casts, variadic functions, per-thread state.
// Every function returns what the system call returns and leaves the reason in errno.

// Only fixed-width types: a header of the C library included here would make Swift attribute its types to this module.
#include <stddef.h>
#include <stdint.h>

#include "ferry_process.h"

// openat2(2). `resolve` takes FERRY_RESOLVE_*.
int ferry_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
#define FERRY_RESOLVE_NO_XDEV 0x01
#define FERRY_RESOLVE_NO_MAGICLINKS 0x02
#define FERRY_RESOLVE_NO_SYMLINKS 0x04
#define FERRY_RESOLVE_BENEATH 0x08

// renameat2(2). `flags` takes FERRY_RENAME_*.
int ferry_renameat2(int old_directory, const char *old_name, int new_directory, const char *new_name, unsigned int flags);
#define FERRY_RENAME_NOREPLACE 1
#define FERRY_RENAME_EXCHANGE 2

// getdents64(2) into a raw buffer.
int64_t ferry_getdents64(int directory, void *buffer, size_t size);

// Gives the calling thread its own umask and sets it. Returns the one before, or -1 when the kernel or a seccomp filter
// refuses.
int ferry_set_thread_umask(uint32_t mask);

// The calls that are made for each file, without what glibc does around them so that a thread can be cancelled in them (1 % of
// packing a tree of small files). -1 and errno, as ever.
int32_t ferry_open(int32_t directory, const char *name, int32_t flags, uint32_t mode);
int32_t ferry_close(int32_t descriptor);
int64_t ferry_read(int32_t descriptor, void *buffer, size_t size);
int64_t ferry_read_at(int32_t descriptor, void *buffer, size_t size, int64_t offset);
int64_t ferry_write(int32_t descriptor, const void *bytes, size_t size);

// Gives the calling thread its own table of descriptors: what it opens from now on is its own, and its calls need no
// atomic operation on a table that is shared. What was open before stays open in both tables until each closes it, the pipes of
// ferry_guarded_pipe apart, which the new table does not get.
void ferry_own_descriptors(void);

// Gives the calling thread its own table of descriptors that has nothing in it but the standard streams and `kept`. Where the
// kernel cannot close the others at once, the thread goes on with the table that it shares.
void ferry_own_descriptor_only(int32_t kept);

// ioctl(FICLONE): makes `destination` share the blocks of `source`.
int ferry_clone_file(int destination, int source);

// A UTF-8 locale for the calling thread, made once for the process; returns the locale before it, to be given back.
void *ferry_enter_utf8_locale(void);
void ferry_leave_utf8_locale(void *before);

// Names the calling thread; the kernel keeps 15 bytes.
void ferry_name_thread(const char *name);

// copy_file_range(2) at both files' current positions.
int64_t ferry_copy_file_range(int source, int destination, size_t count);

// lseek(2) with SEEK_DATA and SEEK_HOLE.
int64_t ferry_seek_data(int file, int64_t offset);
int64_t ferry_seek_hole(int file, int64_t offset);

// The size of an extended attribute, or -1.
int64_t ferry_attribute_size(int file, const char *name);

// mallopt(3): two arenas, and blocks of 1 MiB or more from the kernel and back to it, whatever was freed before.
void ferry_settle_memory(void);

// How many bytes a pipe has room for, once it is half empty or after a few milliseconds. A writer that sleeps through many reads of
// a slow reader spares it the waking at each, and itself the small writes. -1 where that cannot be learnt.
int64_t ferry_room_in_pipe(int32_t pipe);

// splice(2) from a file to a pipe at the file's current position.
int64_t ferry_splice(int source, int destination, size_t count);

// The magic number of the file system that holds an open file, or -1; see statfs(2).
int64_t ferry_file_system_type(int file);

// Sets the permission bits of an entry without following a link and without needing to open it for reading.
int ferry_change_mode(int directory, const char *name, uint32_t mode);

// Copies the access control list, if there is one, from one open file to another. 0 when there was none.
int ferry_copy_access_list(int source, int destination);

// The mount that an open file lies on, or the device where the kernel does not say; -1 on failure. A rename between two
// directories works when these are equal.
int64_t ferry_mount_id(int file);

// 1 when an open directory takes names that differ in case or normalisation for one (chattr +F), 0 when not or when the file
// system has no such attribute.
int ferry_is_casefolded(int directory);

// Free space for this user on the file system of an open file, and its free inodes (-1: no limit).
int ferry_free_space(int file, int64_t *bytes, int64_t *inodes);

// flock(LOCK_EX | LOCK_NB).
int ferry_try_lock(int file);
// flock(LOCK_EX | LOCK_NB) when exclusive is not 0, else flock(LOCK_SH | LOCK_NB).
int ferry_try_lock_mode(int file, int exclusive);

void ferry_unlock(int file);

// syncfs(2): writes everything that is dirty on the file system of an open file to its disk.
int ferry_sync_file_system(int file);

// faccessat(2) with the effective ids: whether entries may be made and removed in a directory. 0 when they may.
int ferry_may_write_into(int directory);

// The clock that file systems stamp with, which is coarser than the others.
void ferry_stamp_clock(int64_t *seconds, uint32_t *nanoseconds);
