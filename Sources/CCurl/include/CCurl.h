#pragma once

// libcurl brings some thirty other libraries with it, and most commands make no HTTP request: it is loaded when the first one is.
// The functions below are libcurl's own under another name; each but the first may be called only after that one succeeded.

#include <curl/curl.h>

// Loads and prepares the library, once for the whole process; CURLE_OK, or why not.
CURLcode ferry_curl_global_init(long flags);

// What a result means; may always be called. That the library is missing is told by CURLE_FAILED_INIT.
const char *ferry_curl_easy_strerror(CURLcode code);

// What the library says of itself; null when it cannot be loaded.
curl_version_info_data *ferry_curl_version_info(CURLversion age);

CURL *ferry_curl_easy_init(void);
void ferry_curl_easy_cleanup(CURL *handle);
void ferry_curl_easy_reset(CURL *handle);
CURLcode ferry_curl_easy_pause(CURL *handle, int mask);

struct curl_slist *ferry_curl_slist_append(struct curl_slist *list, const char *text);
void ferry_curl_slist_free_all(struct curl_slist *list);

CURLM *ferry_curl_multi_init(void);
CURLMcode ferry_curl_multi_cleanup(CURLM *multi);
CURLMcode ferry_curl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode ferry_curl_multi_remove_handle(CURLM *multi, CURL *easy);
CURLMcode ferry_curl_multi_perform(CURLM *multi, int *running);
CURLMsg *ferry_curl_multi_info_read(CURLM *multi, int *left);
CURLMcode ferry_curl_multi_poll(CURLM *multi, struct curl_waitfd *extra, unsigned int count, int milliseconds, int *ready);
CURLMcode ferry_curl_multi_wakeup(CURLM *multi);
const char *ferry_curl_multi_strerror(CURLMcode code);

// What Swift cannot import: the variadic setters and getters, one function for each type of argument.

CURLcode ferry_curl_set_long(CURL *handle, CURLoption option, long value);
CURLcode ferry_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value);
CURLcode ferry_curl_set_text(CURL *handle, CURLoption option, const char *value);
CURLcode ferry_curl_set_pointer(CURL *handle, CURLoption option, void *value);

typedef size_t (*ferry_curl_callback)(char *bytes, size_t size, size_t count, void *context);

CURLcode ferry_curl_set_callbacks(
    CURL *handle, ferry_curl_callback read, ferry_curl_callback write, ferry_curl_callback header, void *context);

// Keeps connections out of the programs that this one starts; libcurl does not by itself.
CURLcode ferry_curl_close_on_exec(CURL *handle);

CURLcode ferry_curl_get_long(CURL *handle, CURLINFO info, long *value);
CURLcode ferry_curl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value);
CURLcode ferry_curl_get_socket(CURL *handle, curl_socket_t *value);
CURLMcode ferry_curl_multi_set_long(CURLM *multi, CURLMoption option, long value);

// The return values of callbacks, macros with casts.
static inline size_t ferry_curl_read_pause(void) { return CURL_READFUNC_PAUSE; }
static inline size_t ferry_curl_write_pause(void) { return CURL_WRITEFUNC_PAUSE; }
