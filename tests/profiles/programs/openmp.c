// A parallel loop of OpenMP.
#include <omp.h>
#include <stdio.h>

int main(void) {
  double sum = 0;
#pragma omp parallel for reduction(+ : sum) num_threads(4)
  for (int i = 1; i <= 1000000; ++i) sum += 1.0 / i;
  printf("%.6f\n", sum);
}
