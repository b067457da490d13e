/*
 * Counts of latencies in microseconds, in buckets that are exact below 64 and at most 1/64 wide of their value
 * above it (as in HdrHistogram): no percentile is further off than 1.6 percent.
 */
#ifndef LATENCIES_H
#define LATENCIES_H

#include <stdint.h>

enum { STEPS = 64, STEP_BITS = 6, BUCKETS = STEPS * (64 - STEP_BITS + 1) };

struct latencies {
  uint64_t counts[BUCKETS];
  uint64_t total;
  uint64_t longest_us;
};

static inline void note_latency(struct latencies *all, uint64_t us) {
  int bucket = (int)us;
  if (us >= STEPS) {
    int top = 63 - __builtin_clzll(us);
    int step = (int)(us >> (top - STEP_BITS)) & (STEPS - 1);
    bucket = (top - STEP_BITS + 1) * STEPS + step;
  }
  all->counts[bucket]++;
  all->total++;
  if (us > all->longest_us) all->longest_us = us;
}

/* The smallest value of its bucket. */
static inline uint64_t latency_percentile(const struct latencies *all, double percent) {
  uint64_t wanted = (uint64_t)((double)all->total * percent / 100), seen = 0;
  for (int bucket = 0; bucket < BUCKETS; bucket++) {
    seen += all->counts[bucket];
    if (seen <= wanted) continue;
    if (bucket < STEPS) return (uint64_t)bucket;
    int top = bucket / STEPS + STEP_BITS - 1;
    return (1ull << top) + ((uint64_t)(bucket % STEPS) << (top - STEP_BITS));
  }
  return all->longest_us;
}

#endif
