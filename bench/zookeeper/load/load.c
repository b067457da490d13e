/*
 * A load generator for servers that speak ZooKeeper's client protocol: one thread, one epoll loop, many connections.
 *
 *   load --hosts 127.0.0.1:2181,127.0.0.1:2182 --op set --connections 30 --window 100 --bytes 100 --seconds 5
 *
 *   --op set|get|mixed   of the nodes ROOT/k0 to ROOT/k<keys-1>, drawn evenly; mixed: --read-percent are gets
 *   --op create          of nodes with names never used before
 *   --op fill            creates ROOT (unless it is there) and ROOT/k<first> to ROOT/k<keys-1>, then ends
 *   --op ready           ends as soon as every host has answered a write and a read; at most --seconds
 *   --rate N             open loop: N requests a second in all, at even distances, whatever is answered when. The
 *                        latency of a request counts from when it was due, so that a stalled server cannot hide that
 *                        others would have asked meanwhile. Without it: closed loop, --window requests on the way
 *                        per connection.
 *   --ramp SECONDS       at the beginning, not measured
 *
 * "measuring" on standard error says that the ramp is over. One line of JSON on standard output is the result.
 *
 * A connection that a server closes is opened again with its session, at the next host. Nobody pings: what is idle for
 * longer than the session's time loses it, so that runs must be shorter than SESSION_MS or keep every connection busy.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "latencies.h"
#include "wire.h"

enum { MOST_HOSTS = 16, PATH_BYTES = 96, SESSION_MS = 30000, REDIAL_US = 50000, INPUT_BYTES = 1 << 18 };
/* In an open loop no connection has more requests on the way; what is due then waits, and its latency tells. */
enum { OPEN_LOOP_WINDOW = 8192 };
/* An open loop sleeps at least so long, and then sends all that is due: it must leave the processors to the servers. */
enum { SHORTEST_SLEEP_US = 200 };
static const uint64_t SECOND_US = 1000000, OPEN_LIMIT_US = 60000000, DRAIN_US = 10000000;

enum op { SET, GET, MIXED, CREATE, FILL, READY, OPS };
static const char *const OP_NAMES[OPS] = {"set", "get", "mixed", "create", "fill", "ready"};

static struct {
  enum op op;
  int connections, window, read_percent;
  size_t bytes;
  uint64_t first, keys;
  double seconds, ramp, rate;
  const char *root;
} options = {SET, 1, 1, 0, 100, 0, 1000, 5, 0, 0, "/bench"};

struct host {
  const char *name;
  struct sockaddr_in address;
};
static struct host hosts[MOST_HOSTS];
static int host_count;

/* CLOSED: until `redial_us`. GREETING: the connect request is on its way. */
enum state { CLOSED, GREETING, OPEN };

struct connection {
  enum state state;
  int fd, number, home, host;
  uint64_t redial_us;
  uint64_t session, last_zxid;
  char password[PASSWORD_BYTES];
  /* Since when each unanswered request counts, in the order of their numbers: a ring of `window` places. */
  uint64_t *since;
  int xid, waiting;
  uint64_t created;
  char *input, *output;
  size_t input_size, output_begin, output_end, output_space;
  bool wants_write, dirty;
  /* Longest time between two replies while it was measured. */
  uint64_t last_reply_us, gap_us;
  int closed, lost;
};
static struct connection *connections;
static int epoll, timer;

static struct {
  uint64_t begin_us, end_us;
  /* `unsent`: due in an open loop, and no connection had room for it. */
  uint64_t sent, done, errors, dropped, waiting, unsent;
  uint64_t last_reply_us, gap_us;
  int first_error;
  struct latencies latencies;
} run;
static char *value;
static uint64_t run_id;

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * SECOND_US + (uint64_t)now.tv_nsec / 1000;
}

static void fail(const char *what, const char *detail) {
  fprintf(stderr, "load: %s%s%s\n", what, detail == NULL ? "" : ": ", detail == NULL ? "" : detail);
  exit(1);
}

/* xorshift64 (Marsaglia, 2003): even, cheap, and the same in every run. */
static uint64_t next_random(void) {
  static uint64_t state = 88172645463325252ull;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

/* ---- requests ---- */

static size_t write_request(struct connection *c, char *frame, int xid) {
  char path[PATH_BYTES];
  enum op op = options.op;
  if (op == MIXED) op = (int)(next_random() % 100) < options.read_percent ? GET : SET;
  if (op == CREATE) {
    snprintf(path, sizeof path, "%s/c%llx-%d-%llu", options.root, (unsigned long long)run_id, c->number,
             (unsigned long long)c->created++);
    return create_request(frame, xid, path, value, options.bytes);
  }
  uint64_t key = op == FILL ? options.first + run.sent : next_random() % options.keys;
  snprintf(path, sizeof path, "%s/k%llu", options.root, (unsigned long long)key);
  if (op == FILL) return create_request(frame, xid, path, value, options.bytes);
  return op == GET ? get_request(frame, xid, path) : set_request(frame, xid, path, value, options.bytes);
}

static void make_room(struct connection *c, size_t size) {
  if (c->output_begin == c->output_end) c->output_begin = c->output_end = 0;
  if (c->output_end + size <= c->output_space) return;
  memmove(c->output, c->output + c->output_begin, c->output_end - c->output_begin);
  c->output_end -= c->output_begin;
  c->output_begin = 0;
  while (c->output_end + size > c->output_space) c->output_space = c->output_space == 0 ? 65536 : c->output_space * 2;
  c->output = realloc(c->output, c->output_space);
  if (c->output == NULL) fail("out of memory", NULL);
}

static bool has_room(const struct connection *c) { return c->state == OPEN && c->waiting < options.window; }

static void send_request(struct connection *c, uint64_t since_us) {
  make_room(c, options.bytes + REQUEST_OVERHEAD_BYTES);
  c->since[c->xid % options.window] = since_us;
  c->output_end += write_request(c, c->output + c->output_end, ++c->xid);
  c->waiting++;
  c->dirty = true;
  run.waiting++;
  run.sent++;
}

/* ---- connections ---- */

static void watch(struct connection *c, int operation) {
  struct epoll_event event = {.events = EPOLLIN | (c->wants_write ? EPOLLOUT : 0), .data.ptr = c};
  if (epoll_ctl(epoll, operation, c->fd, &event) != 0) fail("epoll_ctl", strerror(errno));
}

static int open_socket(int flags) {
  int fd = socket(AF_INET, SOCK_STREAM | flags, 0), on = 1;
  if (fd < 0) fail("socket", strerror(errno));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/* The connect request is written into the output now and goes out when the socket can be written to. */
static void dial(struct connection *c) {
  c->fd = open_socket(SOCK_NONBLOCK);
  connect(c->fd, (void *)&hosts[c->host].address, sizeof hosts[c->host].address);
  c->state = GREETING;
  c->input_size = c->output_begin = c->output_end = 0;
  make_room(c, CONNECT_REQUEST_BYTES);
  c->output_end = connect_request(c->output, c->last_zxid, SESSION_MS, c->session, c->password);
  c->wants_write = true;
  watch(c, EPOLL_CTL_ADD);
}

/* What was on the way is dropped: whether it was done is unknown. */
static void hang_up(struct connection *c) {
  if (c->state == OPEN) c->closed++;
  close(c->fd);
  run.dropped += (uint64_t)c->waiting;
  run.waiting -= (uint64_t)c->waiting;
  c->waiting = 0;
  c->state = CLOSED;
  c->host = (c->host + 1) % host_count;
  c->redial_us = now_us() + REDIAL_US;
}

static void flush(struct connection *c) {
  c->dirty = false;
  while (c->output_begin < c->output_end) {
    ssize_t sent = write(c->fd, c->output + c->output_begin, c->output_end - c->output_begin);
    if (sent < 0 && errno != EAGAIN) return hang_up(c);
    if (sent <= 0) break;
    c->output_begin += (size_t)sent;
  }
  bool wants_write = c->output_begin < c->output_end;
  if (wants_write == c->wants_write) return;
  c->wants_write = wants_write;
  watch(c, EPOLL_CTL_MOD);
}

static void take_greeting(struct connection *c, const char *body) {
  if ((int)get32(body + TIMEOUT_AT) <= 0) {
    c->lost++;
    c->session = 0;
    memset(c->password, 0, PASSWORD_BYTES);
    return hang_up(c);
  }
  c->session = get64(body + SESSION_AT);
  memcpy(c->password, body + PASSWORD_AT, PASSWORD_BYTES);
  c->state = OPEN;
}

static bool is_measured(uint64_t us) { return us >= run.begin_us && us < run.end_us; }

static void note_gap(struct connection *c, uint64_t now) {
  if (is_measured(now)) {
    uint64_t from = c->last_reply_us > run.begin_us ? c->last_reply_us : run.begin_us;
    if (now - from > c->gap_us) c->gap_us = now - from;
    from = run.last_reply_us > run.begin_us ? run.last_reply_us : run.begin_us;
    if (now - from > run.gap_us) run.gap_us = now - from;
  }
  c->last_reply_us = run.last_reply_us = now;
}

static void take_reply(struct connection *c, const char *body, uint64_t now) {
  int xid = (int)get32(body + XID_AT), error = (int)get32(body + ERROR_AT);
  if (xid < 0) return;
  if (xid != c->xid - c->waiting + 1) fail("an answer out of order", hosts[c->host].name);
  uint64_t since = c->since[(xid - 1) % options.window];
  uint64_t zxid = get64(body + ZXID_AT);
  if ((int64_t)zxid > (int64_t)c->last_zxid) c->last_zxid = zxid;
  c->waiting--;
  run.waiting--;
  bool exists = options.op == FILL && error == ERROR_NODE_EXISTS;
  if (error != 0 && !exists && run.errors++ == 0) run.first_error = error;
  note_gap(c, now);
  if (is_measured(now)) run.done++;
  /* In an open loop what was due in time counts, however late its answer is. */
  if (is_measured(options.rate > 0 ? since : now)) note_latency(&run.latencies, now - since);
}

static void take_frames(struct connection *c) {
  size_t at = 0;
  uint64_t now = now_us();
  while (c->state != CLOSED && c->input_size - at >= LENGTH_BYTES) {
    size_t size = get32(c->input + at);
    if (size > INPUT_BYTES - LENGTH_BYTES) fail("an answer of more than 256 KiB", hosts[c->host].name);
    if (c->input_size - at - LENGTH_BYTES < size) break;
    const char *body = c->input + at + LENGTH_BYTES;
    if (size < (c->state == OPEN ? REPLY_HEADER_BYTES : GREETING_BYTES)) fail("a short answer", hosts[c->host].name);
    if (c->state == OPEN) take_reply(c, body, now);
    else take_greeting(c, body);
    at += LENGTH_BYTES + size;
  }
  if (c->state == CLOSED) return;
  memmove(c->input, c->input + at, c->input_size - at);
  c->input_size -= at;
}

/* Reads once: what is left over makes the next epoll_wait return at once, after the others had their turn. */
static void receive(struct connection *c) {
  ssize_t size = read(c->fd, c->input + c->input_size, INPUT_BYTES - c->input_size);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0) return hang_up(c);
  c->input_size += (size_t)size;
  take_frames(c);
}

static void sleep_until(uint64_t us) {
  struct itimerspec when = {.it_value = {.tv_sec = (time_t)(us / SECOND_US), .tv_nsec = (long)(us % SECOND_US) * 1000}};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* One turn: what the sockets have, redials that are due. Returns at `until_us` at the latest. */
static void turn(uint64_t until_us) {
  struct epoll_event events[256];
  sleep_until(until_us);
  int count = epoll_wait(epoll, events, 256, -1);
  for (int i = 0; i < count; i++) {
    struct connection *c = events[i].data.ptr;
    if (c == NULL) {
      uint64_t times;
      if (read(timer, &times, sizeof times) < 0 && errno != EAGAIN) fail("timer", strerror(errno));
      continue;
    }
    if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) receive(c);
    if (c->state != CLOSED && events[i].events & EPOLLOUT) c->dirty = true;
  }
  uint64_t now = now_us();
  for (int i = 0; i < options.connections; i++) {
    struct connection *c = &connections[i];
    if (c->state == CLOSED && now >= c->redial_us) dial(c);
  }
}

static void flush_all(void) {
  for (int i = 0; i < options.connections; i++)
    if (connections[i].dirty && connections[i].state != CLOSED) flush(&connections[i]);
}

static void open_all(void) {
  connections = calloc((size_t)options.connections, sizeof *connections);
  for (int i = 0; i < options.connections; i++) {
    struct connection *c = &connections[i];
    c->number = i;
    c->home = c->host = i % host_count;
    c->since = calloc((size_t)options.window, sizeof *c->since);
    c->input = malloc(INPUT_BYTES);
    dial(c);
  }
  uint64_t limit = now_us() + OPEN_LIMIT_US;
  for (int open = 0; open < options.connections;) {
    turn(now_us() + SECOND_US / 20);
    flush_all();
    open = 0;
    for (int i = 0; i < options.connections; i++) open += connections[i].state == OPEN;
    if (now_us() > limit) fail("not every connection could be opened within 60 s", NULL);
  }
  for (int i = 0; i < options.connections; i++) connections[i].closed = 0;
}

/* ---- the two kinds of load ---- */

static bool is_enough(uint64_t now) {
  return options.op == FILL ? run.sent >= options.keys - options.first : now >= run.end_us;
}

static void fill_windows(void) {
  uint64_t now = now_us();
  for (int i = 0; i < options.connections; i++)
    while (has_room(&connections[i]) && !is_enough(now)) send_request(&connections[i], now);
}

/* Sends what is due by now, to one connection after the other; returns when the next request is due. */
static uint64_t send_due(uint64_t start_us) {
  static int next;
  double distance = (double)SECOND_US / options.rate;
  uint64_t now = now_us();
  for (;;) {
    uint64_t due = start_us + (uint64_t)((double)run.sent * distance);
    if (due >= run.end_us) return run.end_us;
    if (due > now) return due;
    int tried = 0;
    while (tried < options.connections && !has_room(&connections[(next + tried) % options.connections])) tried++;
    if (tried == options.connections) return now + SHORTEST_SLEEP_US;
    next = (next + tried) % options.connections;
    send_request(&connections[next], due);
    next = (next + 1) % options.connections;
  }
}

static void generate(void) {
  uint64_t start = now_us();
  bool announced = false;
  run.begin_us = start + (uint64_t)(options.ramp * (double)SECOND_US);
  run.end_us = options.op == FILL ? UINT64_MAX : run.begin_us + (uint64_t)(options.seconds * (double)SECOND_US);
  for (;;) {
    uint64_t now = now_us(), next = now + SECOND_US / 20;
    if (!announced && now >= run.begin_us) announced = fputs("measuring\n", stderr) >= 0;
    /* What became due while this process had to wait for a processor is sent, however late. */
    if (options.rate > 0) next = send_due(start);
    else fill_windows();
    flush_all();
    if (is_enough(now)) break;
    now = now_us();
    turn(options.rate > 0 && next < now + SHORTEST_SLEEP_US ? now + SHORTEST_SLEEP_US : next);
  }
  for (uint64_t limit = now_us() + DRAIN_US; run.waiting > 0 && now_us() < limit;) {
    turn(now_us() + SECOND_US / 20);
    flush_all();
  }
  if (options.op == FILL) run.end_us = now_us();
  uint64_t due = (uint64_t)(options.rate * (options.ramp + options.seconds));
  if (due > run.sent) run.unsent = due - run.sent;
  /* A connection that got no answer up to the end had its longest gap then. */
  for (int i = 0; i < options.connections; i++) {
    struct connection *c = &connections[i];
    uint64_t from = c->last_reply_us > run.begin_us ? c->last_reply_us : run.begin_us;
    if (options.op != FILL && run.end_us > from && run.end_us - from > c->gap_us) c->gap_us = run.end_us - from;
  }
}

static void print_hosts(void) {
  for (int h = 0; h < host_count; h++) {
    int count = 0, closed = 0;
    uint64_t gap_us = 0;
    for (int i = 0; i < options.connections; i++) {
      struct connection *c = &connections[i];
      if (c->home != h) continue;
      count++;
      closed += c->closed;
      if (c->gap_us > gap_us) gap_us = c->gap_us;
    }
    printf("%s{\"host\":\"%s\",\"connections\":%d,\"closed\":%d,\"gap_ms\":%.1f}", h == 0 ? "" : ",", hosts[h].name,
           count, closed, (double)gap_us / 1e3);
  }
}

static void print_result(void) {
  double seconds = (double)(run.end_us - run.begin_us) / (double)SECOND_US;
  const struct latencies *l = &run.latencies;
  int lost = 0;
  for (int i = 0; i < options.connections; i++) lost += connections[i].lost;
  printf("{\"op\":\"%s\",\"connections\":%d,\"window\":%d,\"bytes\":%zu,\"rate\":%.0f,\"seconds\":%.3f,",
         OP_NAMES[options.op], options.connections, options.window, options.bytes, options.rate, seconds);
  printf("\"ops_s\":%.0f,\"done\":%llu,\"p50_us\":%llu,\"p99_us\":%llu,\"p999_us\":%llu,\"max_us\":%llu,",
         (double)run.done / seconds, (unsigned long long)run.done, (unsigned long long)latency_percentile(l, 50),
         (unsigned long long)latency_percentile(l, 99), (unsigned long long)latency_percentile(l, 99.9),
         (unsigned long long)l->longest_us);
  printf("\"gap_ms\":%.1f,\"errors\":%llu,\"first_error\":%d,\"dropped\":%llu,\"unanswered\":%llu,\"lost_sessions\":%d,",
         (double)run.gap_us / 1e3, (unsigned long long)run.errors, run.first_error, (unsigned long long)run.dropped,
         (unsigned long long)(run.waiting + run.unsent), lost);
  fputs("\"hosts\":[", stdout);
  print_hosts();
  puts("]}");
}

/* ---- one request at a time, for what happens before and instead of a load ---- */

static bool read_all(int fd, char *to, size_t size) {
  for (ssize_t got; size > 0; to += got, size -= (size_t)got)
    if ((got = read(fd, to, size)) <= 0) return false;
  return true;
}

/* Writes the frame, reads one; false when the connection fails or is silent for a second. */
static bool exchange(int fd, const char *frame, size_t size, char *answer, size_t space) {
  char length[LENGTH_BYTES];
  if (write(fd, frame, size) != (ssize_t)size || !read_all(fd, length, sizeof length)) return false;
  return get32(length) <= space && read_all(fd, answer, get32(length));
}

/* Creates the root at this host, and reads it. */
static bool try_host(const struct host *host) {
  static const char nobody[PASSWORD_BYTES];
  char frame[PATH_BYTES + REQUEST_OVERHEAD_BYTES], answer[4096];
  struct timeval patience = {.tv_sec = 1};
  int fd = open_socket(0);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  bool served = connect(fd, (void *)&host->address, sizeof host->address) == 0;
  served = served && exchange(fd, frame, connect_request(frame, 0, SESSION_MS, 0, nobody), answer, sizeof answer);
  served = served && exchange(fd, frame, create_request(frame, 1, options.root, "", 0), answer, sizeof answer);
  int error = served ? (int)get32(answer + ERROR_AT) : 0;
  served = served && (error == 0 || error == ERROR_NODE_EXISTS);
  served = served && exchange(fd, frame, get_request(frame, 2, options.root), answer, sizeof answer);
  served = served && get32(answer + ERROR_AT) == 0;
  close(fd);
  return served;
}

static void wait_until_ready(double seconds) {
  uint64_t start = now_us(), limit = start + (uint64_t)(seconds * (double)SECOND_US);
  for (int h = 0; h < host_count; h++)
    while (!try_host(&hosts[h])) {
      if (now_us() > limit) fail("this host does not serve", hosts[h].name);
      usleep(10000);
    }
  if (options.op == READY) printf("{\"op\":\"ready\",\"ms\":%.1f}\n", (double)(now_us() - start) / 1e3);
}

/* ---- options ---- */

static void add_hosts(char *list) {
  for (char *name = strtok(list, ","); name != NULL; name = strtok(NULL, ",")) {
    char *colon = strrchr(name, ':'), address[64];
    struct host *host = &hosts[host_count];
    if (colon == NULL || (size_t)(colon - name) >= sizeof address || ++host_count > MOST_HOSTS)
      fail("--hosts needs up to 16 of ADDRESS:PORT", name);
    snprintf(address, sizeof address, "%.*s", (int)(colon - name), name);
    host->name = name;
    host->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
    if (inet_pton(AF_INET, address, &host->address.sin_addr) != 1) fail("not an IPv4 address", address);
  }
}

static enum op op_named(const char *name) {
  for (int op = 0; op < OPS; op++)
    if (strcmp(name, OP_NAMES[op]) == 0) return (enum op)op;
  fail("unknown --op", name);
  return OPS;
}

static void read_options(int count, char **words) {
  static const struct option known[] = {
      {"hosts", 1, 0, 'h'}, {"op", 1, 0, 'o'},   {"connections", 1, 0, 'c'},  {"window", 1, 0, 'w'}, {"bytes", 1, 0, 'b'},
      {"keys", 1, 0, 'k'},  {"first", 1, 0, 'f'}, {"read-percent", 1, 0, 'p'}, {"rate", 1, 0, 'r'},  {"ramp", 1, 0, 'a'},
      {"root", 1, 0, 't'},  {"seconds", 1, 0, 's'}, {0}};
  for (int key; (key = getopt_long(count, words, "", known, NULL)) != -1;) switch (key) {
      case 'h': add_hosts(optarg); break;
      case 'o': options.op = op_named(optarg); break;
      case 'c': options.connections = atoi(optarg); break;
      case 'w': options.window = atoi(optarg); break;
      case 'b': options.bytes = (size_t)atoll(optarg); break;
      case 'k': options.keys = (uint64_t)atoll(optarg); break;
      case 'f': options.first = (uint64_t)atoll(optarg); break;
      case 'p': options.read_percent = atoi(optarg); break;
      case 'r': options.rate = atof(optarg); break;
      case 'a': options.ramp = atof(optarg); break;
      case 't': options.root = optarg; break;
      case 's': options.seconds = atof(optarg); break;
      default: exit(2);
    }
  if (host_count == 0) fail("--hosts is needed", NULL);
  if (options.connections < 1 || options.window < 1 || options.keys < 1 || options.first >= options.keys)
    fail("--connections, --window and --keys must be at least 1, and --first below --keys", NULL);
  if (strlen(options.root) > PATH_BYTES - 64) fail("--root is too long", options.root);
  if (options.rate > 0) options.window = OPEN_LOOP_WINDOW;
}

int main(int count, char **words) {
  read_options(count, words);
  if (options.op == READY) {
    wait_until_ready(options.seconds);
    return 0;
  }
  if (options.op == FILL || options.op == CREATE) wait_until_ready(60);
  run_id = (uint64_t)time(NULL) << 16 | ((uint64_t)getpid() & 0xffff);
  value = malloc(options.bytes + 1);
  memset(value, 'x', options.bytes);
  epoll = epoll_create1(0);
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event ticks = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &ticks);
  open_all();
  generate();
  print_result();
  return 0;
}
