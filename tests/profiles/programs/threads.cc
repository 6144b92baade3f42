// Threads that lock, wait, sleep and end, in the ways of the standard library.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <iostream>
#include <mutex>
#include <numeric>
#include <shared_mutex>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

int main() {
  std::mutex mutex;
  std::condition_variable condition;
  std::shared_mutex shared;
  std::atomic<int> ready{0};
  long sum = 0;
  std::vector<std::thread> threads;
  for (int i = 1; i <= 8; ++i) {
    threads.emplace_back([&, i] {
      std::vector<int> some(100000, i);
      std::this_thread::sleep_for(1ms);
      const std::lock_guard lock(mutex);
      sum += std::accumulate(some.begin(), some.end(), 0L);
      ++ready;
      condition.notify_one();
    });
  }
  {
    std::unique_lock lock(mutex);
    condition.wait_for(lock, 10s, [&] { return ready == 8; });
  }
  for (std::thread& thread : threads) thread.join();
  auto later = std::async(std::launch::async, [&] {
    const std::shared_lock lock(shared);
    ready.wait(8);
    return sum;
  });
  std::this_thread::yield();
  ready = 9;
  ready.notify_all();
  std::cout << later.get() << ' ' << (std::thread::hardware_concurrency() > 0) << '\n';
}
