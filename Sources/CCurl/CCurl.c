// The type-checking macros only know direct calls of the variadic setters.
#define CURL_DISABLE_TYPECHECK
#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

// The interface that the headers describe; it has not been broken since 2006.
static const char library_name[] = "libcurl.so.4";

// Every function that is called, by its name in libcurl. (The headers make macros of some names, so each is written with its prefix
// taken off.)
#define FUNCTIONS(each) \
    each(global_init) each(version_info) \
    each(easy_init) each(easy_cleanup) each(easy_reset) each(easy_pause) each(easy_setopt) each(easy_getinfo) \
    each(easy_strerror) each(slist_append) each(slist_free_all) \
    each(multi_init) each(multi_cleanup) each(multi_add_handle) each(multi_remove_handle) each(multi_perform) \
    each(multi_info_read) each(multi_poll) each(multi_wakeup) each(multi_setopt) each(multi_strerror)

static struct {
#define DECLARE(name) __typeof__(&(curl_##name)) name;
    FUNCTIONS(DECLARE)
#undef DECLARE
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int is_loaded = 0;
static char failure[512] = "the HTTP library has not been loaded";

static void load(void) {
    void *handle = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    int is_complete = handle != NULL;
#define FIND(name) \
    if (is_complete) { \
        *(void **)&library.name = dlsym(handle, "curl_" #name); \
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
        failure, sizeof failure, "%s cannot be loaded: %s; install the package libcurl4", library_name,
        reason ? reason : "a function is missing");
}

CURLcode ferry_curl_global_init(long flags) {
    pthread_once(&once, load);
    return is_loaded ? library.global_init(flags) : CURLE_FAILED_INIT;
}

const char *ferry_curl_easy_strerror(CURLcode code) {
    return is_loaded ? library.easy_strerror(code) : failure;
}

curl_version_info_data *ferry_curl_version_info(CURLversion age) {
    pthread_once(&once, load);
    return is_loaded ? library.version_info(age) : NULL;
}

CURL *ferry_curl_easy_init(void) { return library.easy_init(); }
void ferry_curl_easy_cleanup(CURL *handle) { library.easy_cleanup(handle); }
void ferry_curl_easy_reset(CURL *handle) { library.easy_reset(handle); }
CURLcode ferry_curl_easy_pause(CURL *handle, int mask) { return library.easy_pause(handle, mask); }

struct curl_slist *ferry_curl_slist_append(struct curl_slist *list, const char *text) {
    return library.slist_append(list, text);
}
void ferry_curl_slist_free_all(struct curl_slist *list) { library.slist_free_all(list); }

CURLM *ferry_curl_multi_init(void) { return library.multi_init(); }
CURLMcode ferry_curl_multi_cleanup(CURLM *multi) { return library.multi_cleanup(multi); }
CURLMcode ferry_curl_multi_add_handle(CURLM *multi, CURL *easy) { return library.multi_add_handle(multi, easy); }
CURLMcode ferry_curl_multi_remove_handle(CURLM *multi, CURL *easy) { return library.multi_remove_handle(multi, easy); }
CURLMcode ferry_curl_multi_perform(CURLM *multi, int *running) { return library.multi_perform(multi, running); }
CURLMsg *ferry_curl_multi_info_read(CURLM *multi, int *left) { return library.multi_info_read(multi, left); }
CURLMcode ferry_curl_multi_poll(
    CURLM *multi, struct curl_waitfd *extra, unsigned int count, int milliseconds, int *ready) {
    return library.multi_poll(multi, extra, count, milliseconds, ready);
}
CURLMcode ferry_curl_multi_wakeup(CURLM *multi) { return library.multi_wakeup(multi); }
const char *ferry_curl_multi_strerror(CURLMcode code) { return library.multi_strerror(code); }

CURLcode ferry_curl_set_long(CURL *handle, CURLoption option, long value) {
    return library.easy_setopt(handle, option, value);
}

CURLcode ferry_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return library.easy_setopt(handle, option, value);
}

CURLcode ferry_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return library.easy_setopt(handle, option, value);
}

CURLcode ferry_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return library.easy_setopt(handle, option, value);
}

CURLcode ferry_curl_set_callbacks(
    CURL *handle, ferry_curl_callback read, ferry_curl_callback write, ferry_curl_callback header, void *context) {
    CURLcode code = library.easy_setopt(handle, CURLOPT_READFUNCTION, read);
    if (code == CURLE_OK) code = library.easy_setopt(handle, CURLOPT_READDATA, context);
    if (code == CURLE_OK) code = library.easy_setopt(handle, CURLOPT_WRITEFUNCTION, write);
    if (code == CURLE_OK) code = library.easy_setopt(handle, CURLOPT_WRITEDATA, context);
    if (code == CURLE_OK) code = library.easy_setopt(handle, CURLOPT_HEADERFUNCTION, header);
    if (code == CURLE_OK) code = library.easy_setopt(handle, CURLOPT_HEADERDATA, context);
    return code;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)context;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

CURLcode ferry_curl_close_on_exec(CURL *handle) {
    return library.easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
}

CURLcode ferry_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return library.easy_getinfo(handle, info, value);
}

CURLcode ferry_curl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return library.easy_getinfo(handle, info, value);
}

CURLcode ferry_curl_get_socket(CURL *handle, curl_socket_t *value) {
    return library.easy_getinfo(handle, CURLINFO_ACTIVESOCKET, value);
}

CURLMcode ferry_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return library.multi_setopt(multi, option, value);
}
