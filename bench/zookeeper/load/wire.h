/*
 * The few records of ZooKeeper's wire format (zookeeper-jute/src/main/resources/zookeeper.jute) that the load
 * generator writes and reads. Every number is big-endian; a frame, a string and a buffer are a length of four bytes
 * and that many bytes.
 */
#ifndef WIRE_H
#define WIRE_H

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { OP_CREATE = 1, OP_GET_DATA = 4, OP_SET_DATA = 5 };
enum { ERROR_NO_NODE = -101, ERROR_NODE_EXISTS = -110 };
enum { LENGTH_BYTES = 4, PASSWORD_BYTES = 16, ALL_PERMISSIONS = 31, ANY_VERSION = -1, PERSISTENT = 0 };

/* Of a reply after its length: the request's number, the revision, and 0 or an error. */
enum { XID_AT = 0, ZXID_AT = 4, ERROR_AT = 12, REPLY_HEADER_BYTES = 16 };

/* Of the answer to a connect request after its length: the version, then these. */
enum { TIMEOUT_AT = 4, SESSION_AT = 8, PASSWORD_AT = 20, GREETING_BYTES = 36 };

/* More than everything around the data of a request: header, path, access list and flags. */
enum { REQUEST_OVERHEAD_BYTES = 200, CONNECT_REQUEST_BYTES = 49 };

static inline void put32(char *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, sizeof value);
}

static inline void put64(char *at, uint64_t value) {
  put32(at, (uint32_t)(value >> 32));
  put32(at + 4, (uint32_t)value);
}

static inline uint32_t get32(const char *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return ntohl(value);
}

static inline uint64_t get64(const char *at) { return (uint64_t)get32(at) << 32 | get32(at + 4); }

/* Appends to `to` and returns where the next thing goes. */
static inline char *append32(char *to, uint32_t value) {
  put32(to, value);
  return to + 4;
}

static inline char *append_bytes(char *to, const char *bytes, size_t size) {
  put32(to, (uint32_t)size);
  memcpy(to + LENGTH_BYTES, bytes, size);
  return to + LENGTH_BYTES + size;
}

static inline char *append_text(char *to, const char *text) { return append_bytes(to, text, strlen(text)); }

/* Writes the length of the frame that begins at `frame` and ends before `end`; returns how long all of it is. */
static inline size_t end_frame(char *frame, const char *end) {
  put32(frame, (uint32_t)(end - frame - LENGTH_BYTES));
  return (size_t)(end - frame);
}

static inline char *begin_request(char *frame, int xid, int opcode) {
  return append32(append32(frame + LENGTH_BYTES, (uint32_t)xid), (uint32_t)opcode);
}

/* A persistent node that everybody may use. Each of these returns the size of the frame that it wrote. */
static inline size_t create_request(char *frame, int xid, const char *path, const char *data, size_t size) {
  char *to = begin_request(frame, xid, OP_CREATE);
  to = append_bytes(append_text(to, path), data, size);
  to = append32(append32(to, 1), ALL_PERMISSIONS);
  to = append_text(append_text(to, "world"), "anyone");
  return end_frame(frame, append32(to, PERSISTENT));
}

static inline size_t set_request(char *frame, int xid, const char *path, const char *data, size_t size) {
  char *to = append_text(begin_request(frame, xid, OP_SET_DATA), path);
  return end_frame(frame, append32(append_bytes(to, data, size), (uint32_t)ANY_VERSION));
}

static inline size_t get_request(char *frame, int xid, const char *path) {
  char *to = append_text(begin_request(frame, xid, OP_GET_DATA), path);
  *to++ = 0; /* no watch */
  return end_frame(frame, to);
}

/* `session` 0 with a password of zeros asks for a new session. */
static inline size_t connect_request(char *frame, uint64_t last_zxid, int timeout_ms, uint64_t session,
                                     const char password[PASSWORD_BYTES]) {
  char *to = append32(frame + LENGTH_BYTES, 0); /* version of the protocol */
  put64(to, last_zxid);
  to = append32(to + 8, (uint32_t)timeout_ms);
  put64(to, session);
  to = append_bytes(to + 8, password, PASSWORD_BYTES);
  *to++ = 0; /* not content with a server that only reads */
  return end_frame(frame, to);
}

#endif
