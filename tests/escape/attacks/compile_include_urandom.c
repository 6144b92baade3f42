/* attack: compile_include_urandom
 * tries: includes /dev/urandom, which has no end and is different every time
 * must: MLE or TLE, or RE once the compiler gives up; its diagnostics are bounded
 * why: S10
 * layer: memory, cpu timer, output ceiling
 * without: cpu wall memory output fsize disk
 * breach: evaded
 * bounds: processes=6 bytes=1073741824 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/gcc","compile_include_urandom.c"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":3000,"wall_time_ms":10000,"disk_inodes":200}}
 * expect: {"status":["TLE","MLE","OLE","RE"],"stderr":{"bytes":{"at_most":4194304}}}
 */
#include "/dev/urandom"
int main(void) {}
