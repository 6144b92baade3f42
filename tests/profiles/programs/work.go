// Goroutines, channels, the collector, files, timers, signals to itself.
package main

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sort"
	"sync"
	"syscall"
	"time"
)

func main() {
	scanner := bufio.NewScanner(os.Stdin)
	var words []string
	for scanner.Scan() {
		words = append(words, scanner.Text())
	}
	sort.Strings(words)
	results := make(chan int)
	var group sync.WaitGroup
	for i := 0; i < 100; i++ {
		group.Add(1)
		go func(n int) {
			defer group.Done()
			_ = make([]byte, 1<<20)
			results <- n
		}(i)
	}
	go func() { group.Wait(); close(results) }()
	sum := 0
	for n := range results {
		sum += n
	}
	runtime.GC()
	os.MkdirAll("d/e", 0755)
	os.WriteFile("d/e/f", []byte("text"), 0644)
	os.Rename("d/e/f", "d/g")
	read, _ := os.ReadFile("d/g")
	entries, _ := filepath.Glob("d/*")
	os.RemoveAll("d")
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	<-caught
	go func() { // never yields: the runtime preempts it by a signal
		for {
		}
	}()
	select {
	case <-time.After(20 * time.Millisecond):
	}
	bytes := make([]byte, 8)
	rand.Read(bytes)
	defer func() { fmt.Println(words, sum, string(read), len(entries), recover() != nil, runtime.NumCPU() > 0) }()
	var none *int
	*none = 1
}
