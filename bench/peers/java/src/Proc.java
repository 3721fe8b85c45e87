// SPDX-License-Identifier: Apache-2.0
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/** What the process says of itself, read from /proc and the JVM. */
final class Proc {
  private Proc() {}

  /** One number of /proc/self/status: KB, or threads. */
  private static long status(String key) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith(key)) return Long.parseLong(line.trim().split("\\s+")[1]);
    }
    return 0;
  }

  private static Set<String> ownSockets() {
    Set<String> found = new HashSet<>();
    File[] files = new File("/proc/self/fd").listFiles();
    for (File file : files == null ? new File[0] : files) {
      try {
        String target = Files.readSymbolicLink(file.toPath()).toString();
        if (target.startsWith("socket:[")) found.add(target.substring(8, target.length() - 1));
      } catch (IOException e) {
        continue; // closed since it was listed
      }
    }
    return found;
  }

  /** Established connections of this process to that port. */
  private static int connections(int port) throws IOException {
    Set<String> mine = ownSockets();
    String suffix = String.format(":%04X", port);
    int count = 0;
    for (String name : new String[] {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
      if (!new File(name).exists()) continue;
      for (String line : Files.readAllLines(Path.of(name))) {
        String[] part = line.trim().split("\\s+");
        boolean ours = part.length > 9 && part[2].endsWith(suffix) && part[3].equals("01");
        if (ours && mine.contains(part[9])) count++;
      }
    }
    return count;
  }

  private static double cpu() {
    return ((com.sun.management.OperatingSystemMXBean)
                ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime()
        / 1e9;
  }

  static String report(String mode, int n, double wall, int port, Model.Counts found)
      throws IOException {
    return String.format(
        Locale.ROOT,
        "{\"peer\":\"java\",\"mode\":\"%s\",\"n\":%d,\"wall\":%.4f,\"cpu\":%.4f,"
            + "\"hwm_kb\":%d,\"rss_kb\":%d,\"threads\":%d,\"conns\":%d,\"keyspaces\":%d,"
            + "\"tables\":%d,\"columns\":%d,\"indexes\":%d,\"views\":%d,\"types\":%d,"
            + "\"functions\":%d,\"aggregates\":%d}",
        mode, n, wall, cpu(), status("VmHWM"), status("VmRSS"), status("Threads"),
        connections(port), found.keyspaces, found.tables, found.columns, found.indexes,
        found.views, found.types, found.functions, found.aggregates);
  }
}
