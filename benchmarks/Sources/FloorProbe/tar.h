// A tar header as GNU tar writes it, with the fields of ustar where they are the same.
#pragma once

struct tar_sparse {
    char offset[12], size[12];
};

struct tar_header {
    char name[100], mode[8], owner[8], group[8], size[12], time[12], checksum[8], type, target[100], magic[8];
    char owner_name[32], group_name[32], major[8], minor[8];
    union {
        struct {
            char prefix[155], unused[12];
        } ustar;
        struct {
            char access[12], change[12], offset[12], names[4], unused;
            struct tar_sparse sparse[4];
            char is_extended, real_size[12], more[17];
        } old;
    };
};

struct tar_sparse_block {
    struct tar_sparse sparse[21];
    char is_extended, unused[7];
};

_Static_assert(sizeof(struct tar_header) == 512 && sizeof(struct tar_sparse_block) == 512, "blocks have 512 bytes");
