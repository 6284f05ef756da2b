/*
 * A thin link between two network namespaces, packet by packet.
 *
 *   emulator NETNS_A NETNS_B BITS_PER_SECOND DELAY_MS QUEUE_BYTES LOSS_PERCENT
 *
 * Opens a TUN device named "thin" in each namespace, says "ready" on standard output and carries IP packets between
 * them until standard input ends. Each direction is a line of its own: a packet waits until those before it are
 * sent (one that finds QUEUE_BYTES waiting is dropped), takes its length divided by the rate to send, may then be
 * lost, and arrives DELAY_MS later. Which packets are lost is the same in every run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { LARGEST_PACKET = 2048, SLOTS = 8192 };

static const int64_t SECOND = 1000000000;

struct packet {
  int64_t arrives; /* nanoseconds of the monotonic clock */
  size_t length;
  unsigned char bytes[LARGEST_PACKET];
};

/* One direction. Packets leave in the order in which they came, so those on their way are a ring. */
struct line {
  int from, to;
  int64_t idle_from; /* when everything accepted so far will have been sent */
  uint64_t random;
  size_t first, count;
  struct packet *ring;
};

static double bytes_per_second, loss;
static int64_t delay, queue_bytes;

static void fail(const char *what) {
  fprintf(stderr, "emulator: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * SECOND + time.tv_nsec;
}

/* A TUN device belongs to the namespace in which it was opened, and goes when its descriptor is closed. */
static int open_device(const char *namespace) {
  int file = open(namespace, O_RDONLY | O_CLOEXEC);
  if (file < 0 || setns(file, CLONE_NEWNET) != 0) fail(namespace);
  close(file);
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) fail("/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  strcpy(request.ifr_name, "thin");
  if (ioctl(device, TUNSETIFF, &request) != 0) fail("TUNSETIFF");
  return device;
}

/* A number from 0 to below 1 (xorshift64). */
static double draw(struct line *line) {
  line->random ^= line->random << 13;
  line->random ^= line->random >> 7;
  line->random ^= line->random << 17;
  return (double)(line->random >> 11) / (double)(1ULL << 53);
}

static void accept_packets(struct line *line) {
  unsigned char bytes[LARGEST_PACKET];
  for (;;) {
    ssize_t length = read(line->from, bytes, sizeof bytes);
    if (length <= 0) return;
    int64_t time = now();
    if (line->idle_from < time) line->idle_from = time;
    double waiting = (double)(line->idle_from - time) / (double)SECOND * bytes_per_second;
    if (waiting + (double)length > (double)queue_bytes || line->count == SLOTS) continue;
    line->idle_from += (int64_t)((double)length / bytes_per_second * (double)SECOND);
    /* What is lost on the way has taken its time on the line all the same. */
    if (draw(line) < loss) continue;
    struct packet *packet = &line->ring[(line->first + line->count) % SLOTS];
    packet->arrives = line->idle_from + delay;
    packet->length = (size_t)length;
    memcpy(packet->bytes, bytes, packet->length);
    line->count += 1;
  }
}

/* Hands over what has arrived. When the next packet will, or INT64_MAX. */
static int64_t deliver_packets(struct line *line) {
  while (line->count > 0) {
    struct packet *packet = &line->ring[line->first];
    if (packet->arrives > now()) return packet->arrives;
    /* A device that does not take it is down: the packet is lost, as on any line. */
    if (write(line->to, packet->bytes, packet->length) < 0 && errno == EBADF) fail("write");
    line->first = (line->first + 1) % SLOTS;
    line->count -= 1;
  }
  return INT64_MAX;
}

int main(int count, char **words) {
  if (count != 7) {
    fputs("usage: emulator NETNS_A NETNS_B BITS_PER_SECOND DELAY_MS QUEUE_BYTES LOSS_PERCENT\n", stderr);
    return 2;
  }
  bytes_per_second = atof(words[3]) / 8;
  delay = (int64_t)(atof(words[4]) * 1e6);
  queue_bytes = atoll(words[5]);
  loss = atof(words[6]) / 100;
  int a = open_device(words[1]), b = open_device(words[2]);
  struct line lines[2] = {{.from = a, .to = b, .random = 88172645463325252ULL},
                          {.from = b, .to = a, .random = 1181783497276652981ULL}};
  for (int each = 0; each < 2; each += 1) {
    lines[each].ring = calloc(SLOTS, sizeof(struct packet));
    if (lines[each].ring == NULL) fail("memory");
  }
  puts("ready");
  fflush(stdout);
  for (;;) {
    int64_t next = INT64_MAX;
    for (int each = 0; each < 2; each += 1) {
      accept_packets(&lines[each]);
      int64_t arrival = deliver_packets(&lines[each]);
      if (arrival < next) next = arrival;
    }
    struct pollfd watched[3] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    int64_t left = next == INT64_MAX ? SECOND : next - now();
    if (left < 0) left = 0;
    struct timespec patience = {.tv_sec = left / SECOND, .tv_nsec = left % SECOND};
    if (ppoll(watched, 3, &patience, NULL) < 0 && errno != EINTR) fail("ppoll");
    if (watched[2].revents != 0) return 0;
  }
}
