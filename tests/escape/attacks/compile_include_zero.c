/* attack: compile_include_zero
 * tries: includes /dev/zero, which has no end
 * must: MLE or TLE
 * why: S10 bnuoj#3, rust#159655
 * layer: memory, cpu timer
 * without: cpu wall memory output fsize disk
 * breach: evaded
 * bounds: processes=6 bytes=1073741824 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/gcc","compile_include_zero.c"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":3000,"wall_time_ms":10000,"disk_inodes":200}}
 * expect: {"status":["TLE","MLE","OLE"]}
 */
#include "/dev/zero"
int main(void) {}
