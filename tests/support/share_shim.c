/* Makes single system calls answer as network shares and odd file systems do, for the process it is preloaded into.
 *
 *   cc -shared -fPIC -o share_shim.so share_shim.c -ldl
 *   LD_PRELOAD=$PWD/share_shim.so SHIM_FLOCK=37 imgsort ...
 *
 * SHIM_AT=FOLDER       only paths that begin with FOLDER are concerned (all, if it is missing)
 * SHIM_INO=FOLDER      files under FOLDER show the inode of their path: sshfs, mergerfs after a hard link
 * SHIM_INO_FOLDERS=1   ... and folders too
 * SHIM_FSYNCDIR=ERRNO  fsync of a folder (22 old CIFS, 5 WSL share, 95)
 * SHIM_FSYNC=ERRNO     fsync of any file
 * SHIM_FLOCK=ERRNO     flock (37 NFS without lockd, 95, 9)
 * SHIM_LINK=ERRNO      hard links (1 exFAT and SMB, 95)
 * SHIM_CHMOD, SHIM_CHOWN, SHIM_UTIME, SHIM_SETXATTR=ERRNO   1 SMB and FAT, 524 NFS, 95 not supported
 * SHIM_COLON=FOLDER    names with ':' under FOLDER: EINVAL for whatever makes them
 * SHIM_NAMES=FOLDER    as SHIM_COLON for all that Windows' file systems refuse: :?*"<>| a dot or space at the end, CON
 * SHIM_NAMEBYTES=N     longer names under SHIM_AT: ENAMETOOLONG
 * SHIM_PATH=TEXT       link, rename and unlink of an old name that holds TEXT fail with SHIM_PATHERRNO (1 immutable)
 * SHIM_FULL=N          the Nth call that makes or fills a file, and every later one: SHIM_FULLERRNO (28 ENOSPC, 30 EROFS)
 * SHIM_KILL=N          SIGKILL instead of the Nth call that changes something under SHIM_AT
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = dlsym(RTLD_NEXT, name)
#define FAIL(number) do { int failed = (number); if (failed) { errno = failed; return -1; } } while (0)

static int number(const char *key) { const char *value = getenv(key); return value ? atoi(value) : 0; }

static int begins(const char *path, const char *key) {
    const char *front = getenv(key);
    return front && path && strncmp(path, front, strlen(front)) == 0;
}

static int concerned(const char *path) { return !getenv("SHIM_AT") || begins(path, "SHIM_AT"); }

static const char *last_part(const char *path) { const char *slash = strrchr(path, '/'); return slash ? slash + 1 : path; }

static int odd_name(const char *path) {
    if (!path) return 0;
    const char *name = last_part(path);
    size_t length = strlen(name);
    if (begins(path, "SHIM_COLON") && strchr(name, ':')) return EINVAL;
    if (begins(path, "SHIM_NAMES")) {
        if (strpbrk(name, ":?*\"<>|")) return EINVAL;
        if (length && (name[length - 1] == '.' || name[length - 1] == ' ')) return EINVAL;
        if (strncasecmp(name, "CON", 3) == 0 && (name[3] == 0 || name[3] == '.')) return EINVAL;
    }
    int most = number("SHIM_NAMEBYTES");
    if (most && concerned(path) && (int)length > most) return ENAMETOOLONG;
    return 0;
}

static int one_path(const char *path) {
    const char *text = getenv("SHIM_PATH");
    return text && path && strstr(path, text) ? number("SHIM_PATHERRNO") : 0;
}

static void change(const char *path) {
    static int calls;
    int at = number("SHIM_KILL");
    if (at && (!path || concerned(path)) && ++calls == at) kill(getpid(), SIGKILL);
}

static int full(const char *path) {
    static int calls;
    int at = number("SHIM_FULL");
    if (!at || (path && !concerned(path))) return 0;
    return ++calls >= at ? number("SHIM_FULLERRNO") : 0;
}

static int known_descriptor(int descriptor, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return 1;
}

int fsync(int descriptor) {
    REAL(int, "fsync", int);
    struct stat status;
    if (number("SHIM_FSYNCDIR") && fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) FAIL(number("SHIM_FSYNCDIR"));
    FAIL(number("SHIM_FSYNC"));
    return real(descriptor);
}
int flock(int descriptor, int operation) {
    REAL(int, "flock", int, int);
    FAIL(number("SHIM_FLOCK"));
    return real(descriptor, operation);
}
int chmod(const char *path, mode_t mode) { REAL(int, "chmod", const char *, mode_t); FAIL(number("SHIM_CHMOD")); return real(path, mode); }
int fchmod(int fd, mode_t mode) { REAL(int, "fchmod", int, mode_t); FAIL(number("SHIM_CHMOD")); return real(fd, mode); }
int fchmodat(int at, const char *path, mode_t mode, int flags) {
    REAL(int, "fchmodat", int, const char *, mode_t, int);
    FAIL(number("SHIM_CHMOD"));
    return real(at, path, mode, flags);
}
int fchown(int fd, uid_t user, gid_t group) { REAL(int, "fchown", int, uid_t, gid_t); FAIL(number("SHIM_CHOWN")); return real(fd, user, group); }
int setxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
    REAL(int, "setxattr", const char *, const char *, const void *, size_t, int);
    FAIL(number("SHIM_SETXATTR"));
    return real(path, name, value, size, flags);
}
int utimensat(int at, const char *path, const struct timespec times[2], int flags) {
    REAL(int, "utimensat", int, const char *, const struct timespec *, int);
    FAIL(number("SHIM_UTIME"));
    return real(at, path, times, flags);
}

int link(const char *old, const char *new) {
    REAL(int, "link", const char *, const char *);
    FAIL(number("SHIM_LINK")); FAIL(odd_name(new)); FAIL(one_path(old)); FAIL(full(new));
    change(new);
    return real(old, new);
}
int linkat(int from, const char *old, int to, const char *new, int flags) {
    REAL(int, "linkat", int, const char *, int, const char *, int);
    FAIL(number("SHIM_LINK")); FAIL(odd_name(new)); FAIL(one_path(old)); FAIL(full(new));
    change(new);
    return real(from, old, to, new, flags);
}
int symlink(const char *to, const char *path) {
    REAL(int, "symlink", const char *, const char *);
    FAIL(odd_name(path)); FAIL(full(path));
    change(path);
    return real(to, path);
}
int rename(const char *old, const char *new) {
    REAL(int, "rename", const char *, const char *);
    FAIL(odd_name(new)); FAIL(one_path(old));
    change(new);
    return real(old, new);
}
int renameat(int from, const char *old, int to, const char *new) {
    REAL(int, "renameat", int, const char *, int, const char *);
    FAIL(odd_name(new)); FAIL(one_path(old));
    change(new);
    return real(from, old, to, new);
}
int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    FAIL(one_path(path));
    change(path);
    return real(path);
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    FAIL(odd_name(path)); FAIL(full(path));
    change(path);
    return real(path, mode);
}
int mkdirat(int at, const char *path, mode_t mode) {
    REAL(int, "mkdirat", int, const char *, mode_t);
    FAIL(odd_name(path)); FAIL(full(path));
    change(path);
    return real(at, path, mode);
}
int rmdir(const char *path) { REAL(int, "rmdir", const char *); change(path); return real(path); }
ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    char path[4096];
    if ((getenv("SHIM_KILL") || getenv("SHIM_FULL")) && known_descriptor(fd, path, sizeof path) && path[0] == '/' && concerned(path)) {
        FAIL(full(path));
        change(path);
    }
    return real(fd, bytes, size);
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, #name, const char *, int, ...); \
        va_list arguments; \
        va_start(arguments, flags); \
        int mode = va_arg(arguments, int); \
        va_end(arguments); \
        if (flags & O_CREAT) { FAIL(odd_name(path)); FAIL(full(path)); change(path); } \
        return real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

static uint64_t hash(const char *path) {
    uint64_t value = 1469598103934665603ULL;
    for (; *path; path++) value = (value ^ (unsigned char)*path) * 1099511628211ULL;
    return value >> 1;
}
#define BY_PATH(status) \
    if (result == 0 && begins(path, "SHIM_INO") && \
        (S_ISREG((status)->st_mode) || (S_ISDIR((status)->st_mode) && number("SHIM_INO_FOLDERS")))) { \
        (status)->st_ino = hash(path); \
        if (S_ISREG((status)->st_mode)) (status)->st_nlink = 1; \
    } \
    return result
#define STAT(name, type) \
    int name(const char *path, struct type *status) { \
        REAL(int, #name, const char *, struct type *); \
        int result = real(path, status); \
        BY_PATH(status); \
    }
#define STATAT(name, type) \
    int name(int at, const char *path, struct type *status, int flags) { \
        REAL(int, #name, int, const char *, struct type *, int); \
        int result = real(at, path, status, flags); \
        BY_PATH(status); \
    }
STAT(lstat, stat)
STAT(stat, stat)
STAT(lstat64, stat64)
STAT(stat64, stat64)
STATAT(fstatat, stat)
STATAT(fstatat64, stat64)
