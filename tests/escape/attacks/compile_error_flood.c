/* attack: compile_error_flood
 * tries: makes the compiler write megabytes of diagnostics
 * must: OLE, TLE or RE; the supervisor keeps what the ceiling allows
 * why: S9: diagnostics are output
 * layer: output ceiling
 * without: cpu wall memory output fsize disk
 * breach: evaded
 * bounds: processes=6 bytes=1073741824 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/gcc","compile_error_flood.c"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":3000,"wall_time_ms":10000,"disk_inodes":200}}
 * expect: {"status":["OLE","TLE","MLE"],"stderr":{"bytes":{"at_most":8388608}}}
 */
#define A(n) n##0 n##1 n##2 n##3 n##4 n##5 n##6 n##7
#define E(n) int f##n(void) { return missing##n; }
#define F(n) E(n##0) E(n##1) E(n##2) E(n##3) E(n##4) E(n##5) E(n##6) E(n##7)
#define G(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7)
#define H(n) G(n##0) G(n##1) G(n##2) G(n##3) G(n##4) G(n##5) G(n##6) G(n##7)
H(a) H(b) H(c) H(d)
int main(void) {}
