/* attack: compile_write_outside
 * tries: names outputs outside of its directory: dependency files, statistics, dumps
 * must: refused
 * why: a compiler writes where it is told
 * layer: read-only mounts, uid
 * breach: escaped
 * bounds: processes=6 bytes=1073741824 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/gcc","-o","/usr/local/lib/bailiff-attack","-MD","-MF","/etc/bailiff-attack.d","compile_write_outside.c"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":15000,"wall_time_ms":20000,"disk_inodes":200}}
 * expect: {"status":"RE","stderr":{"text":{"has":"opening dependency file /etc/bailiff-attack.d"}}}
 */
int main(void) {}
