#include "CArchive.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

// The interface that the headers describe; it has had this name since libarchive 3.1 of 2013.
static const char library_name[] = "libarchive.so.13";

// Every function that is called, by its name in libarchive.
#define FUNCTIONS(each) \
    each(version_details) each(read_new) each(read_free) each(read_support_format_tar) \
    each(read_support_format_raw) each(read_support_format_empty) each(read_support_filter_gzip) \
    each(read_support_filter_zstd) each(read_support_filter_xz) each(read_open2) each(read_next_header) \
    each(read_data_block) each(read_header_position) each(filter_bytes) each(error_string) each(write_new) \
    each(write_free) each(write_close) each(write_set_format_raw) each(write_set_bytes_per_block) \
    each(write_add_filter_gzip) each(write_add_filter_zstd) each(write_add_filter_xz) \
    each(write_set_filter_option) each(write_open2) each(write_header) each(write_data) each(entry_new) \
    each(entry_free) each(entry_set_filetype) each(entry_filetype) each(entry_perm) each(entry_uid) \
    each(entry_gid) each(entry_size) each(entry_pathname) each(entry_hardlink) each(entry_symlink)

static struct {
#define DECLARE(name) __typeof__(&(archive_##name)) name;
    FUNCTIONS(DECLARE)
#undef DECLARE
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int is_loaded = 0;
static char failure[512];

static void load(void) {
    void *handle = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    int is_complete = handle != NULL;
#define FIND(name) \
    if (is_complete) { \
        *(void **)&library.name = dlsym(handle, "archive_" #name); \
        is_complete = library.name != NULL; \
    }
    FUNCTIONS(FIND)
#undef FIND
    if (is_complete) {
        is_loaded = 1;
        return;
    }
    const char *reason = dlerror();
    snprintf(
        failure, sizeof failure, "%s cannot be loaded: %s; install the package libarchive13", library_name,
        reason ? reason : "a function is missing");
}

static int is_there(void) {
    pthread_once(&once, load);
    return is_loaded;
}

const char *ferry_archive_failure(void) { return failure[0] ? failure : NULL; }

const char *ferry_archive_version_details(void) { return is_there() ? library.version_details() : NULL; }

struct archive *ferry_archive_read_new(void) { return is_there() ? library.read_new() : NULL; }
int ferry_archive_read_free(struct archive *archive) { return archive ? library.read_free(archive) : ARCHIVE_FATAL; }
int ferry_archive_read_support_format_tar(struct archive *archive) {
    return archive ? library.read_support_format_tar(archive) : ARCHIVE_FATAL;
}
int ferry_archive_read_support_format_raw(struct archive *archive) {
    return archive ? library.read_support_format_raw(archive) : ARCHIVE_FATAL;
}
int ferry_archive_read_support_format_empty(struct archive *archive) {
    return archive ? library.read_support_format_empty(archive) : ARCHIVE_FATAL;
}
int ferry_archive_read_support_filter_gzip(struct archive *archive) {
    return archive ? library.read_support_filter_gzip(archive) : ARCHIVE_FATAL;
}
int ferry_archive_read_support_filter_zstd(struct archive *archive) {
    return archive ? library.read_support_filter_zstd(archive) : ARCHIVE_FATAL;
}
int ferry_archive_read_support_filter_xz(struct archive *archive) {
    return archive ? library.read_support_filter_xz(archive) : ARCHIVE_FATAL;
}
int ferry_archive_read_open2(
    struct archive *archive, void *context, archive_open_callback *open, archive_read_callback *read,
    archive_skip_callback *skip, archive_close_callback *close) {
    return archive ? library.read_open2(archive, context, open, read, skip, close) : ARCHIVE_FATAL;
}
int ferry_archive_read_next_header(struct archive *archive, struct archive_entry **entry) {
    return archive ? library.read_next_header(archive, entry) : ARCHIVE_FATAL;
}
int ferry_archive_read_data_block(struct archive *archive, const void **bytes, size_t *count, la_int64_t *offset) {
    return archive ? library.read_data_block(archive, bytes, count, offset) : ARCHIVE_FATAL;
}
la_int64_t ferry_archive_read_header_position(struct archive *archive) {
    return archive ? library.read_header_position(archive) : 0;
}
la_int64_t ferry_archive_filter_bytes(struct archive *archive, int filter) {
    return archive ? library.filter_bytes(archive, filter) : 0;
}
const char *ferry_archive_error_string(struct archive *archive) {
    return archive ? library.error_string(archive) : NULL;
}

struct archive *ferry_archive_write_new(void) { return is_there() ? library.write_new() : NULL; }
int ferry_archive_write_free(struct archive *archive) {
    return archive ? library.write_free(archive) : ARCHIVE_FATAL;
}
int ferry_archive_write_close(struct archive *archive) {
    return archive ? library.write_close(archive) : ARCHIVE_FATAL;
}
int ferry_archive_write_set_format_raw(struct archive *archive) {
    return archive ? library.write_set_format_raw(archive) : ARCHIVE_FATAL;
}
int ferry_archive_write_set_bytes_per_block(struct archive *archive, int bytes) {
    return archive ? library.write_set_bytes_per_block(archive, bytes) : ARCHIVE_FATAL;
}
int ferry_archive_write_add_filter_gzip(struct archive *archive) {
    return archive ? library.write_add_filter_gzip(archive) : ARCHIVE_FATAL;
}
int ferry_archive_write_add_filter_zstd(struct archive *archive) {
    return archive ? library.write_add_filter_zstd(archive) : ARCHIVE_FATAL;
}
int ferry_archive_write_add_filter_xz(struct archive *archive) {
    return archive ? library.write_add_filter_xz(archive) : ARCHIVE_FATAL;
}
int ferry_archive_write_set_filter_option(
    struct archive *archive, const char *filter, const char *option, const char *value) {
    return archive ? library.write_set_filter_option(archive, filter, option, value) : ARCHIVE_FATAL;
}
int ferry_archive_write_open2(
    struct archive *archive, void *context, archive_open_callback *open, archive_write_callback *write,
    archive_close_callback *close, archive_free_callback *free) {
    return archive ? library.write_open2(archive, context, open, write, close, free) : ARCHIVE_FATAL;
}
int ferry_archive_write_header(struct archive *archive, struct archive_entry *entry) {
    return archive ? library.write_header(archive, entry) : ARCHIVE_FATAL;
}
la_ssize_t ferry_archive_write_data(struct archive *archive, const void *bytes, size_t count) {
    return archive ? library.write_data(archive, bytes, count) : ARCHIVE_FATAL;
}

struct archive_entry *ferry_archive_entry_new(void) { return is_there() ? library.entry_new() : NULL; }
void ferry_archive_entry_free(struct archive_entry *entry) { library.entry_free(entry); }
void ferry_archive_entry_set_filetype(struct archive_entry *entry, unsigned int type) {
    library.entry_set_filetype(entry, type);
}
__LA_MODE_T ferry_archive_entry_filetype(struct archive_entry *entry) { return library.entry_filetype(entry); }
__LA_MODE_T ferry_archive_entry_perm(struct archive_entry *entry) { return library.entry_perm(entry); }
la_int64_t ferry_archive_entry_uid(struct archive_entry *entry) { return library.entry_uid(entry); }
la_int64_t ferry_archive_entry_gid(struct archive_entry *entry) { return library.entry_gid(entry); }
la_int64_t ferry_archive_entry_size(struct archive_entry *entry) { return library.entry_size(entry); }
const char *ferry_archive_entry_pathname(struct archive_entry *entry) { return library.entry_pathname(entry); }
const char *ferry_archive_entry_hardlink(struct archive_entry *entry) { return library.entry_hardlink(entry); }
const char *ferry_archive_entry_symlink(struct archive_entry *entry) { return library.entry_symlink(entry); }
