/* Megabytes of input a second of ISA-L's kernels, one line each: `CODE WORK KERNEL MB/s`. Called by kernel.ts with the bytes of a pack. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <isa-l/erasure_code.h>

/* Which kernel runs is chosen here and not by the library. */
typedef void encode(int, int, int, unsigned char *, unsigned char **, unsigned char **);
extern encode ec_encode_data_avx2, ec_encode_data_avx512;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* The fastest of all repetitions within that many seconds. */
static double fastest(encode *run, double seconds, int length, int m, int k, unsigned char *tables, unsigned char **from,
                      unsigned char **to) {
  double best = 1e9;
  for (double end = now() + seconds; now() < end;) {
    double start = now();
    run(length, m, k, tables, from, to);
    double took = now() - start;
    if (took < best) best = took;
  }
  return (double)m * length / best / 1e6;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const int pack = atoi(argv[1]);
  const double seconds = atof(argv[2]);
  const int codes[][2] = {{6, 3}, {10, 4}, {20, 10}};
  for (int c = 0; c < 3; c++) {
    const int m = codes[c][0], k = codes[c][1];
    const int length = (pack / m + 63) / 64 * 64;
    unsigned char matrix[30 * 20], survivors[20 * 20], inverse[20 * 20], tables[32 * 20 * 10];
    unsigned char *shards[30], *kept[20];
    unsigned char *bytes = aligned_alloc(64, (size_t)(m + k) * (size_t)length);
    if (bytes == NULL) return 1;
    for (size_t i = 0; i < (size_t)(m + k) * (size_t)length; i++) bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    for (int i = 0; i < m + k; i++) shards[i] = bytes + (size_t)i * (size_t)length;
    gf_gen_cauchy1_matrix(matrix, m + k, m);
    /* The first k data shards are lost. */
    for (int i = 0; i < m; i++) {
      kept[i] = shards[k + i];
      for (int j = 0; j < m; j++) survivors[i * m + j] = matrix[(k + i) * m + j];
    }
    if (gf_invert_matrix(survivors, inverse, m) != 0) return 1;
    for (int avx512 = 0; avx512 < 2; avx512++) {
      if (!(avx512 ? __builtin_cpu_supports("avx512bw") : __builtin_cpu_supports("avx2"))) continue;
      encode *run = avx512 ? ec_encode_data_avx512 : ec_encode_data_avx2;
      const char *name = avx512 ? "avx512" : "avx2";
      ec_init_tables(m, k, matrix + m * m, tables);
      printf("%d+%d encode %s %.0f\n", m, k, name, fastest(run, seconds, length, m, k, tables, shards, shards + m));
      ec_init_tables(m, k, inverse, tables);
      printf("%d+%d reconstruct %s %.0f\n", m, k, name, fastest(run, seconds, length, m, k, tables, kept, shards));
    }
    free(bytes);
  }
  return 0;
}
