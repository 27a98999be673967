package az.gov.rid

import java.nio.file.Files
import java.nio.file.Path

/** Starts the demo as a process. */
internal fun child(vararg arguments: String, dieAt: Int? = null, pin: String? = null): Process {
    val folder = Path.of(System.getProperty("rid.folder"))
    val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
    val classes = Files.readString(folder.resolve("target/test.classpath")).trim()
    val builder =
        ProcessBuilder(
            java, "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx96m",
            "-Djna.library.path=${System.getProperty("jna.library.path")}",
            "-cp", classes, "az.gov.rid.demo.Demo", *arguments,
        )
    if (dieAt != null) builder.environment()["RID_DIE_AT"] = "$dieAt"
    if (pin != null) builder.environment()["RID_PIN"] = pin
    return builder.redirectErrorStream(true).start()
}
