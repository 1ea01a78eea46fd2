#pragma once

// libarchive brings a dozen other libraries with it, and a sync between directories needs none of them: it is loaded when the
// first archive is read or written. The functions below are libarchive's own under another name. Those that make something, and
// the one that tells the version, load the library and give null where that fails; with that for an archive, the others fail.

#include <archive.h>
#include <archive_entry.h>

// Why the library could not be loaded; null when it was, or nobody has tried.
const char *ferry_archive_failure(void);

// What the library says of itself and of those that it uses.
const char *ferry_archive_version_details(void);

struct archive *ferry_archive_read_new(void);
int ferry_archive_read_free(struct archive *archive);
int ferry_archive_read_support_format_tar(struct archive *archive);
int ferry_archive_read_support_format_raw(struct archive *archive);
int ferry_archive_read_support_format_empty(struct archive *archive);
int ferry_archive_read_support_filter_gzip(struct archive *archive);
int ferry_archive_read_support_filter_zstd(struct archive *archive);
int ferry_archive_read_support_filter_xz(struct archive *archive);
int ferry_archive_read_open2(
    struct archive *archive, void *context, archive_open_callback *open, archive_read_callback *read,
    archive_skip_callback *skip, archive_close_callback *close);
int ferry_archive_read_next_header(struct archive *archive, struct archive_entry **entry);
int ferry_archive_read_data_block(struct archive *archive, const void **bytes, size_t *count, la_int64_t *offset);
la_int64_t ferry_archive_read_header_position(struct archive *archive);
la_int64_t ferry_archive_filter_bytes(struct archive *archive, int filter);
const char *ferry_archive_error_string(struct archive *archive);

struct archive *ferry_archive_write_new(void);
int ferry_archive_write_free(struct archive *archive);
int ferry_archive_write_close(struct archive *archive);
int ferry_archive_write_set_format_raw(struct archive *archive);
int ferry_archive_write_set_bytes_per_block(struct archive *archive, int bytes);
int ferry_archive_write_add_filter_gzip(struct archive *archive);
int ferry_archive_write_add_filter_zstd(struct archive *archive);
int ferry_archive_write_add_filter_xz(struct archive *archive);
int ferry_archive_write_set_filter_option(
    struct archive *archive, const char *filter, const char *option, const char *value);
int ferry_archive_write_open2(
    struct archive *archive, void *context, archive_open_callback *open, archive_write_callback *write,
    archive_close_callback *close, archive_free_callback *free);
int ferry_archive_write_header(struct archive *archive, struct archive_entry *entry);
la_ssize_t ferry_archive_write_data(struct archive *archive, const void *bytes, size_t count);

struct archive_entry *ferry_archive_entry_new(void);
void ferry_archive_entry_free(struct archive_entry *entry);
void ferry_archive_entry_set_filetype(struct archive_entry *entry, unsigned int type);
__LA_MODE_T ferry_archive_entry_filetype(struct archive_entry *entry);
__LA_MODE_T ferry_archive_entry_perm(struct archive_entry *entry);
la_int64_t ferry_archive_entry_uid(struct archive_entry *entry);
la_int64_t ferry_archive_entry_gid(struct archive_entry *entry);
la_int64_t ferry_archive_entry_size(struct archive_entry *entry);
const char *ferry_archive_entry_pathname(struct archive_entry *entry);
const char *ferry_archive_entry_hardlink(struct archive_entry *entry);
const char *ferry_archive_entry_symlink(struct archive_entry *entry);
