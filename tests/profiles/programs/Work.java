import java.io.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;

/** Files, threads, streams, a large heap, the collector, exceptions, dates, random numbers. */
public class Work {
  public static void main(String[] args) throws Exception {
    Scanner scanner = new Scanner(System.in);
    long sum = 0;
    while (scanner.hasNextLong()) sum += scanner.nextLong();
    Path file = Files.createTempFile("work", ".txt");
    Files.writeString(file, "one\ntwo\n");
    try (BufferedWriter out = new BufferedWriter(new FileWriter("out.txt"))) { out.write("three"); }
    List<String> lines = Files.readAllLines(file);
    Files.delete(file);
    ExecutorService pool = Executors.newFixedThreadPool(4);
    List<Future<Long>> futures = new ArrayList<>();
    for (int i = 0; i < 8; ++i) futures.add(pool.submit(() -> LongStream.range(0, 1000000).parallel().sum()));
    for (Future<Long> future : futures) sum += future.get();
    pool.shutdown();
    pool.awaitTermination(10, TimeUnit.SECONDS);
    List<byte[]> garbage = new LinkedList<>();
    for (int i = 0; i < 2000; ++i) {
      garbage.add(new byte[100000]);
      if (garbage.size() > 100) garbage.remove(0);
    }
    System.gc();
    try {
      recur(0);
    } catch (StackOverflowError deep) {
      lines.add("deep");
    }
    boolean dated = java.time.LocalDate.now().getYear() > 2000;
    int random = new java.security.SecureRandom().nextInt();
    Thread.sleep(5);
    System.out.println(sum + " " + lines + " " + dated + " " + String.format("%.2f", Math.PI) + " "
        + (Runtime.getRuntime().availableProcessors() > 0) + " " + new File("out.txt").length() + " " + (random != 0 || dated));
  }
  static int recur(int depth) { return recur(depth + 1) + 1; }
}
