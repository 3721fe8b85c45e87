// SPDX-License-Identifier: Apache-2.0
import java.util.Map;

/** Just enough of a JSON writer: commas are its own business. */
final class Json {
  private final StringBuilder out = new StringBuilder(1 << 18);
  private boolean comma;

  private Json put(String text, boolean commaAfter) {
    out.append(text);
    comma = commaAfter;
    return this;
  }

  private void separate() {
    if (comma) out.append(',');
  }

  Json open(char bracket) {
    separate();
    return put(String.valueOf(bracket), false);
  }

  Json close(char bracket) {
    return put(String.valueOf(bracket), true);
  }

  Json key(String name) {
    text(name);
    return put(":", false);
  }

  Json literal(Object value) {
    separate();
    return put(String.valueOf(value), true);
  }

  Json texts(Map<String, String> map) {
    open('{');
    map.forEach((name, value) -> key(name).text(value));
    return close('}');
  }

  Json text(String text) {
    separate();
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return put("\"", true);
  }

  @Override
  public String toString() {
    return out.toString();
  }
}
