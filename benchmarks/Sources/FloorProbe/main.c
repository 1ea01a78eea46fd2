#include "floor.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: ferry-floor scan TREE...         look at every entry of each tree, one tree after the other\n"
    "       ferry-floor create TREE          write a tar stream to standard output\n"
    "       ferry-floor mirror TREE DEST...  copy a tree into empty directories\n"
    "       ferry-floor update TREE DEST...  rewrite the files whose size or time differs\n"
    "       ferry-floor extract DEST         unpack a tar stream from standard input into an empty directory\n";

int main(int count, char **arguments) {
    cpu_set_t processors;
    if (sched_getaffinity(0, sizeof processors, &processors) == 0) thread_count = CPU_COUNT(&processors);
    if (thread_count > threads_max) thread_count = threads_max;
    const char *kind = count > 2 ? arguments[1] : "";
    if (!strcmp(kind, "scan")) return floor_scan(count - 2, arguments + 2);
    if (!strcmp(kind, "create") && count == 3) return floor_create(arguments[2]);
    if (!strcmp(kind, "extract") && count == 3) return floor_extract(arguments[2]);
    if (!strcmp(kind, "mirror") && count > 3) return floor_mirror(arguments[2], count - 3, arguments + 3, 0);
    if (!strcmp(kind, "update") && count > 3) return floor_mirror(arguments[2], count - 3, arguments + 3, 1);
    fputs(usage, stderr);
    return 2;
}
