// Looks at every entry: open a directory, list it, fstatat of each.
#include "floor.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct counts {
    long files, directories, links;
    char apart[64];
};

static int root;
static struct counts counts[threads_max];

static void directory(int thread, const char *path) {
    struct listing listing;
    struct entry entry;
    struct stat status;
    int descriptor = open_below(root, path);
    listing_begin(&listing, thread, 0, descriptor);
    while (listing_next(&listing, &entry)) {
        if (fstatat(descriptor, entry.name, &status, AT_SYMLINK_NOFOLLOW) != 0) fail("fstatat", entry.name);
        if (S_ISDIR(status.st_mode)) {
            counts[thread].directories++;
            work_add(thread, path, entry.name);
        } else if (S_ISLNK(status.st_mode)) {
            counts[thread].links++;
        } else {
            counts[thread].files++;
        }
    }
    close(descriptor);
    work_share(thread);
}

int floor_scan(int count, char **trees) {
    for (int index = 0; index < count; index++) {
        struct counts sum = {0};
        root = open_root(trees[index]);
        for (int thread = 0; thread < thread_count; thread++) counts[thread] = sum;
        work_run(directory, NULL);
        for (int thread = 0; thread < thread_count; thread++) {
            sum.files += counts[thread].files;
            sum.directories += counts[thread].directories;
            sum.links += counts[thread].links;
        }
        close(root);
        printf("{\"files\": %ld, \"directories\": %ld, \"symlinks\": %ld}\n", sum.files, sum.directories, sum.links);
    }
    return 0;
}
