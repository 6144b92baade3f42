/* attack: compile_giant_data
 * tries: has an array of 256 MiB that is not zero: two words of source become a giant file
 * must: OLE, or RE as the linker finds no room; never a file of that size
 * why: S25: a zip bomb in source form
 * layer: rlimit fsize, tmpfs quota
 * without: cpu wall memory output fsize disk
 * breach: evaded
 * bounds: processes=6 bytes=805306368 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/gcc","compile_giant_data.c"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":3000,"wall_time_ms":10000,"disk_inodes":200}}
 * expect: {"status":["OLE","RE","MLE","TLE"]}
 */
char data[256 << 20] = {1};
int main(void) {}
