/* attack: compile_giant_section
 * tries: asks the assembler for 512 MiB of space
 * must: OLE, or RE as the assembler finds no room
 * why: `.space` is one line
 * layer: rlimit fsize, tmpfs quota, memory
 * without: cpu wall memory output fsize disk
 * breach: evaded
 * bounds: processes=6 bytes=1073741824 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/gcc","-c","compile_giant_section.c"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":3000,"wall_time_ms":10000,"disk_inodes":200}}
 * expect: {"status":["OLE","RE","MLE","TLE"]}
 */
asm(".data\n.space 536870912, 1\n");
int main(void) {}
