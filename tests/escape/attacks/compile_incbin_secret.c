/* attack: compile_incbin_secret
 * tries: has the assembler put a file of the host into its object file
 * must: it is not there
 * why: the compiler's output is read back: the secret with it
 * layer: mount namespace
 * without: mount
 * breach: leaked
 * bounds: processes=6 bytes=1073741824 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/gcc","-c","compile_incbin_secret.c"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":15000,"wall_time_ms":20000,"disk_inodes":200},"collect":["compile_incbin_secret.o"]}
 * expect: {"status":"RE","stderr":{"text":{"has":"file not found"}}}
 */
asm(".incbin \"/var/tmp/bailiff-canary\"");
int main(void) {}
