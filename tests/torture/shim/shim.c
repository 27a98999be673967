/* Stands between the store and the kernel (LD_PRELOAD): records every change of the files under RID_SHIM_ROOT for images of power cuts, or
 * makes the n-th operation on them fail, or kills the process before it. At the level of libc, so that what SQLite writes and what is
 * written beside it (envelope, markers, software keys) go through the same sieve. Linux, glibc. Not part of any product. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FD 4096
enum { OPEN = 1, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, SAY, SYNC_FOLDER, FOLDER, LINK, UNFOLDER };
enum { NEVER, ONCE, STICKY, TORN, FULL, READ_ONLY, SYNCS, KILL };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *paths[MAX_FD];
static char root[4096];
static int log_fd = -1;
static long fail_at = -1, count;
static int fail_mode = NEVER;
/* What the process says when counting begins; empty: at once. */
static char arm[64];
static int armed = 1;

static void start(void) {
  static int started;
  if (started) return;
  started = 1;
  const char *r = getenv("RID_SHIM_ROOT"), *l = getenv("RID_SHIM_LOG"), *f = getenv("RID_SHIM_FAIL");
  if (r) snprintf(root, sizeof root, "%s", r);
  if (l) log_fd = (int)syscall(SYS_openat, AT_FDCWD, l, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (f) sscanf(f, "%ld:%d", &fail_at, &fail_mode);
  const char *a = getenv("RID_SHIM_ARM");
  if (a) {
    snprintf(arm, sizeof arm, "%s", a);
    armed = 0;
  }
}

static int ours(const char *path) {
  start();
  return root[0] && path && strncmp(path, root, strlen(root)) == 0;
}

static int known(int fd) { return fd >= 0 && fd < MAX_FD && paths[fd]; }

/* kind, length of the path, offset, length of the data, path, data */
static void record(uint8_t kind, const char *path, uint64_t offset, const void *data, uint32_t length) {
  if (log_fd < 0) return;
  uint8_t head[17];
  uint32_t path_length = (uint32_t)strlen(path);
  head[0] = kind;
  memcpy(head + 1, &path_length, 4);
  memcpy(head + 5, &offset, 8);
  memcpy(head + 13, &length, 4);
  struct iovec parts[3] = {{head, 17}, {(void *)path, path_length}, {(void *)data, length}};
  syscall(SYS_writev, log_fd, parts, 3);
}

/* Whether this operation fails; the error is then in errno. */
static int fails(int kind) {
  if (fail_mode == NEVER || !armed) return 0;
  if (fail_mode == SYNCS && kind != SYNC) return 0;
  if (fail_mode == READ_ONLY && (kind == 0 || kind == SYNC)) return 0;
  long n = count++;
  int hit = (fail_mode == STICKY || fail_mode == FULL || fail_mode == READ_ONLY) ? n >= fail_at : n == fail_at;
  if (fail_mode == FULL && kind != WRITE) hit = 0;
  if (hit && fail_mode == KILL) kill(getpid(), SIGKILL);
  if (hit) errno = fail_mode == FULL ? ENOSPC : fail_mode == READ_ONLY ? EROFS : EIO;
  return hit;
}

__attribute__((destructor)) static void end(void) {
  if (fail_mode != NEVER) dprintf(2, "operations %ld\n", count);
}

static int opened(int fd, const char *path, int flags) {
  if (fd >= 0 && fd < MAX_FD) {
    pthread_mutex_lock(&lock);
    free(paths[fd]);
    paths[fd] = strdup(path);
    record(OPEN, path, (flags & O_TRUNC) ? 1 : (flags & O_CREAT) ? 2 : 0, "", 0);
    pthread_mutex_unlock(&lock);
  }
  return fd;
}

static int do_open(int folder, const char *path, int flags, mode_t mode) {
  if (!ours(path)) return (int)syscall(SYS_openat, folder, path, flags, mode);
  if (fails((flags & (O_CREAT | O_TRUNC)) ? OPEN : 0)) return -1;
  return opened((int)syscall(SYS_openat, folder, path, flags, mode), path, flags);
}

#define MODE mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list a; va_start(a, flags); mode = va_arg(a, mode_t); va_end(a); }
int open(const char *path, int flags, ...) { MODE return do_open(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return do_open(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE return do_open(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE return do_open(folder, path, flags | O_LARGEFILE, mode); }

int close(int fd) {
  if (known(fd)) {
    pthread_mutex_lock(&lock);
    free(paths[fd]);
    paths[fd] = NULL;
    pthread_mutex_unlock(&lock);
  }
  return (int)syscall(SYS_close, fd);
}

static ssize_t put(int fd, const void *data, size_t length, off_t offset, int at) {
  if (fails(WRITE)) {
    if (fail_mode == TORN && length > 1) {
      ssize_t half = at ? syscall(SYS_pwrite64, fd, data, length / 2, offset) : syscall(SYS_write, fd, data, length / 2);
      (void)half;
      errno = EIO;
    }
    return -1;
  }
  pthread_mutex_lock(&lock);
  if (!at) offset = (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
  ssize_t done = at ? syscall(SYS_pwrite64, fd, data, length, offset) : syscall(SYS_write, fd, data, length);
  if (done > 0) record(WRITE, paths[fd], (uint64_t)offset, data, (uint32_t)done);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t write(int fd, const void *data, size_t length) {
  start();
  if (fd == 1 && !armed && length >= strlen(arm) && memcmp(data, arm, strlen(arm)) == 0) armed = 1;
  if (fd == 1 && log_fd >= 0) {
    pthread_mutex_lock(&lock);
    record(SAY, "", 0, data, (uint32_t)length);
    pthread_mutex_unlock(&lock);
  }
  return known(fd) ? put(fd, data, length, 0, 0) : syscall(SYS_write, fd, data, length);
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
  return known(fd) ? put(fd, data, length, offset, 1) : syscall(SYS_pwrite64, fd, data, length, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) { return pwrite(fd, data, length, offset); }

ssize_t read(int fd, void *data, size_t length) {
  if (known(fd) && fails(0)) return -1;
  return syscall(SYS_read, fd, data, length);
}
ssize_t pread(int fd, void *data, size_t length, off_t offset) {
  if (known(fd) && fails(0)) return -1;
  return syscall(SYS_pread64, fd, data, length, offset);
}
ssize_t pread64(int fd, void *data, size_t length, off64_t offset) { return pread(fd, data, length, offset); }

int ftruncate(int fd, off_t length) {
  if (!known(fd)) return (int)syscall(SYS_ftruncate, fd, length);
  if (fails(TRUNCATE)) return -1;
  pthread_mutex_lock(&lock);
  int done = (int)syscall(SYS_ftruncate, fd, length);
  if (done == 0) record(TRUNCATE, paths[fd], (uint64_t)length, "", 0);
  pthread_mutex_unlock(&lock);
  return done;
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

static int synced(int fd, long call) {
  if (!known(fd)) return (int)syscall(call, fd);
  if (fails(SYNC)) return -1;
  struct stat s;
  int folder = fstat(fd, &s) == 0 && S_ISDIR(s.st_mode);
  pthread_mutex_lock(&lock);
  /* The record is what counts; the real disk need not be waited for. */
  int done = log_fd >= 0 ? 0 : (int)syscall(call, fd);
  if (done == 0) record(folder ? SYNC_FOLDER : SYNC, paths[fd], 0, "", 0);
  pthread_mutex_unlock(&lock);
  return done;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static int moved(const char *from, const char *to) {
  if (ours(from) && fails(RENAME)) return -1;
  pthread_mutex_lock(&lock);
  int done = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  if (done == 0 && ours(from)) record(RENAME, from, 0, to, (uint32_t)strlen(to));
  pthread_mutex_unlock(&lock);
  return done;
}
int rename(const char *from, const char *to) { return moved(from, to); }

static int gone(const char *path, int flags) {
  if (ours(path) && fails(UNLINK)) return -1;
  pthread_mutex_lock(&lock);
  int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, flags);
  if (done == 0 && ours(path)) record((flags & AT_REMOVEDIR) ? UNFOLDER : UNLINK, path, 0, "", 0);
  pthread_mutex_unlock(&lock);
  return done;
}
int unlink(const char *path) { return gone(path, 0); }
int rmdir(const char *path) { return gone(path, AT_REMOVEDIR); }

/* A folder is removed by handles: the path is asked of the kernel. */
int unlinkat(int folder, const char *path, int flags) {
  char whole[4096], link[64];
  if (folder == AT_FDCWD || path[0] == '/') return gone(path, flags);
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, whole, 2048);
  if (length <= 0) return (int)syscall(SYS_unlinkat, folder, path, flags);
  snprintf(whole + length, sizeof whole - (size_t)length, "/%s", path);
  return gone(whole, flags);
}

int mkdir(const char *path, mode_t mode) {
  if (ours(path) && fails(FOLDER)) return -1;
  pthread_mutex_lock(&lock);
  int done = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  if (done == 0 && ours(path)) record(FOLDER, path, 0, "", 0);
  pthread_mutex_unlock(&lock);
  return done;
}

static int linked(const char *from, const char *to) {
  if (ours(from) && fails(LINK)) return -1;
  pthread_mutex_lock(&lock);
  int done = (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
  if (done == 0 && ours(from)) record(LINK, from, 0, to, (uint32_t)strlen(to));
  pthread_mutex_unlock(&lock);
  return done;
}
int link(const char *from, const char *to) { return linked(from, to); }
int linkat(int a, const char *from, int b, const char *to, int flags) {
  return from[0] == '/' && to[0] == '/' ? linked(from, to) : (int)syscall(SYS_linkat, a, from, b, to, flags);
}
