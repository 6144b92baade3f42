/* attack: compile_constexpr_loop
 * tries: computes at compile time
 * must: TLE or MLE
 * why: the compiler's time is the program's
 * layer: cpu timer, memory
 * without: cpu wall memory output fsize disk
 * breach: evaded
 * bounds: processes=6 bytes=1073741824 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/g++","-std=c++20","-fconstexpr-ops-limit=4000000000","-fconstexpr-loop-limit=2000000000","compile_constexpr_loop.cc"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":3000,"wall_time_ms":10000,"disk_inodes":200}}
 * expect: {"status":["TLE","MLE","OLE"]}
 */
constexpr unsigned long spin(unsigned long n) {
  unsigned long sum = 0;
  for (unsigned long i = 0; i < n; ++i) sum += i * i;
  return sum;
}
static_assert(spin(1UL << 40) != 1);
int main() {}
