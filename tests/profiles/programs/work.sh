# Pipes, here-documents, substitution, background jobs, tests, arithmetic, and the tools scripts are made of.
set -eu
read -r first
mkdir -p d/e
for i in 1 2 3; do echo "line $i $first" >>d/e/list; done
sort -r d/e/list | sed 's/line/row/' | awk '{print $2}' | tr '\n' ' ' >out
(sleep 0.05; echo late >late) &
wait
trap 'echo trapped' USR1
kill -USR1 $$
cat <<END
$(cat out)$(wc -l <d/e/list | tr -d ' ') $((6 * 7)) $(cat late) $(id -u | grep -c '[0-9]') $(date -u -d @0 +%Y)
END
find d -name 'li*' -exec cp {} copy \;
ls -l d >/dev/null
grep -q 'line 2' copy && [ -s copy ] && [[ -r copy ]]
xargs -n 1 echo <out | head -n 1
tar cf - d | tar tf - | wc -l
python3 -c 'import subprocess, sys; sys.stdout.write(subprocess.check_output(["echo", "from a child"], text=True))'
rm -r d
