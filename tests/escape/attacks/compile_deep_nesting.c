/* attack: compile_deep_nesting
 * tries: nests a hundred thousand parentheses
 * must: RE: the compiler crashes, bailiff does not
 * why: a compiler that crashes is a program that crashes
 * layer: judge, rlimit stack
 * bounds: processes=6 bytes=1073741824 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/gcc","compile_deep_nesting.c"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":3000,"wall_time_ms":10000,"disk_inodes":200}}
 * expect: {"status":["RE","MLE","TLE"],"reason":["exit","peak","oom_kill","cpu","signal"]}
 */
#define A(x) ((((((((((x))))))))))
#define B(x) A(A(A(A(A(A(A(A(A(A(x))))))))))
#define C(x) B(B(B(B(B(B(B(B(B(B(x))))))))))
#define D(x) C(C(C(C(C(C(C(C(C(C(x))))))))))
int a = D(D(1));
int main(void) {}
