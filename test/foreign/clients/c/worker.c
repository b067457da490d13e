/*
 * worker NAME HOSTS [SESSION PASSWORD]: a client of libzookeeper_mt with many requests under way at once. Owns
 * /plain/NAME/mine, creates /plain/NAME/n-1, n-2, … and follows /plain/NAME/told. Says what it sees as lines of JSON;
 * the line "stop" ends its creates, the end of its input closes the session.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <time.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

#define BATCH 25
#define TIMEOUT_MS 10000

static zhandle_t *zh;
static char base[64];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int outstanding, connected, stopping;
static long next_number = 1, last_answer;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void say_state(const char *state) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  int port = 0;
  if (zookeeper_get_connected_host(zh, (struct sockaddr *)&address, &length) != NULL)
    port = ntohs(((struct sockaddr_in *)&address)->sin_port);
  printf("{\"state\":\"%s\",\"port\":%d}\n", state, port);
}

static void heard(zhandle_t *handle, int type, int state, const char *path, void *context) {
  if (type != ZOO_SESSION_EVENT) return;
  zh = handle;
  pthread_mutex_lock(&lock);
  connected = state == ZOO_CONNECTED_STATE;
  say_state(connected ? "connected" : state == ZOO_EXPIRED_SESSION_STATE ? "lost" : "disconnected");
  if (connected) {
    const clientid_t *id = zoo_client_id(zh);
    printf("{\"session\":\"%016" PRIx64 "\",\"password\":\"", (uint64_t)id->client_id);
    for (int i = 0; i < 16; i++) printf("%02x", (unsigned char)id->passwd[i]);
    printf("\",\"timeoutMs\":%d}\n", zoo_recv_timeout(zh));
  }
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void follow(void);

static void told(zhandle_t *handle, int type, int state, const char *path, void *context) {
  if (type != ZOO_SESSION_EVENT) follow();
}

static void told_data(int rc, const char *value, int length, const struct Stat *stat, const void *data) {
  if (rc == ZOK) printf("{\"told\":\"%.*s\"}\n", length < 0 ? 0 : length, value);
  else if (rc == ZCONNECTIONLOSS) follow();
}

static void follow(void) {
  char path[96];
  snprintf(path, sizeof path, "%s/told", base);
  zoo_awget(zh, path, told, NULL, told_data, NULL);
}

struct sent {
  long number;
  double at_ms;
};

static void created(int rc, const char *value, const void *data) {
  struct sent *sent = (struct sent *)data;
  pthread_mutex_lock(&lock);
  if (sent->number != last_answer + 1)
    printf("{\"disorder\":\"an answer to %ld after that to %ld\"}\n", sent->number, last_answer);
  last_answer = sent->number;
  if (rc == ZOK) printf("{\"acked\":%ld,\"sentMs\":%.3f}\n", sent->number, sent->at_ms);
  else printf("{\"unknown\":%ld,\"error\":\"%s\"}\n", sent->number, zerror(rc));
  outstanding--;
  free(sent);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void *write_on(void *context) {
  for (;;) {
    char path[96], value[32];
    pthread_mutex_lock(&lock);
    while (outstanding > 0 || !connected) pthread_cond_wait(&changed, &lock);
    if (stopping) break;
    outstanding += BATCH;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < BATCH; i++) {
      struct sent *sent = malloc(sizeof *sent);
      sent->number = next_number++;
      sent->at_ms = now_ms();
      snprintf(path, sizeof path, "%s/n-%ld", base, sent->number);
      int length = snprintf(value, sizeof value, "%ld", sent->number);
      int rc = zoo_acreate(zh, path, value, length, &ZOO_OPEN_ACL_UNSAFE, 0, created, sent);
      if (rc != ZOK) created(rc, NULL, sent);
    }
    usleep(40000);
  }
  printf("{\"stopped\":%ld}\n", last_answer);
  pthread_mutex_unlock(&lock);
  return NULL;
}

static void prepare(void) {
  char path[96];
  zoo_create(zh, "/plain", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
  zoo_create(zh, base, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
  snprintf(path, sizeof path, "%s/told", base);
  zoo_create(zh, path, "0", 1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
  snprintf(path, sizeof path, "%s/mine", base);
  zoo_create(zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0);
}

int main(int argc, char **argv) {
  clientid_t former = {0};
  char line[64];
  pthread_t writer;
  setvbuf(stdout, NULL, _IOLBF, 0);
  zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
  zoo_deterministic_conn_order(1);
  snprintf(base, sizeof base, "/plain/%s", argv[1]);
  if (argc > 4) {
    former.client_id = (int64_t)strtoull(argv[3], NULL, 16);
    for (int i = 0; i < 16; i++) {
      unsigned byte;
      sscanf(argv[4] + 2 * i, "%2x", &byte);
      former.passwd[i] = (char)byte;
    }
  }
  zh = zookeeper_init(argv[2], heard, TIMEOUT_MS, argc > 4 ? &former : NULL, NULL, ZOO_NO_LOG_CLIENTENV);
  pthread_mutex_lock(&lock);
  while (!connected) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
  if (argc <= 4) {
    prepare();
    follow();
    pthread_create(&writer, NULL, write_on, NULL);
  }
  while (fgets(line, sizeof line, stdin) != NULL) {
    pthread_mutex_lock(&lock);
    stopping = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
  }
  zookeeper_close(zh);
  return 0;
}
