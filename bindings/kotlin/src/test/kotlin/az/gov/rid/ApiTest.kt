package az.gov.rid

import java.lang.reflect.Executable
import java.lang.reflect.Modifier
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.name
import kotlin.test.Test
import kotlin.test.assertTrue

/** The public surface of both packages stands in `api.txt`, so that a change of it is seen in review. */
internal class ApiTest {
    private val folder = Path.of(System.getProperty("rid.folder"))

    @Test
    fun `the public surface is the one of api txt`() {
        val now = surface()
        val file = folder.resolve("api.txt")
        Files.writeString(folder.resolve("target/api.txt"), now)
        val recorded = if (Files.exists(file)) Files.readString(file) else ""
        val changes = recorded.lines().toSet().let { old -> now.lines().filter { it !in old }.map { "+ $it" } } +
            now.lines().toSet().let { new -> recorded.lines().filter { it !in new }.map { "- $it" } }
        assertTrue(
            recorded == now,
            "The public surface changed:\n${changes.joinToString("\n")}\nIf that is meant, copy target/api.txt over api.txt " +
                "(in bindings/kotlin) and name each change of a closed view in CHANGELOG.md.",
        )
    }

    private fun surface(): String {
        val classes = folder.resolve("target/classes")
        val names = Files.walk(classes.resolve("az/gov/rid")).use { paths ->
            paths.filter { it.name.endsWith(".class") }
                .map { classes.relativize(it).toString().removeSuffix(".class").replace('/', '.') }.toList()
        }
        return names.filterNot(::plumbing).map { Class.forName(it, false, javaClass.classLoader) }
            .filter { type -> generateSequence(type) { it.declaringClass }.all { Modifier.isPublic(it.modifiers) } && kotlinPublic(type) }
            .sortedBy { it.name }
            .joinToString("\n") { describe(it) } + "\n"
    }

    /** What the generator needs for itself. The app may see it and has no use for it. */
    private fun plumbing(name: String): Boolean {
        val simple = name.removePrefix("az.gov.rid.core.").removePrefix("az.gov.rid.")
        val marks = listOf("FfiConverter", "Uniffi", "uniffi", "UNIFFI", "RustBuffer", "ForeignBytes", "IntegrityCheckingUniffiLib", "Disposable", "NoHandle",
            "ByteBuffer", "SoftwareArea", "ReaderKey", "SuiteException", "ErrorHandler", "WhenMappings", "DefaultImpls", "InternalException")
        return marks.any { it in simple } || Regex("\\$\\d").containsMatchIn(simple) || "\$Companion" in simple && "core" in name
    }

    /** `internal` in Kotlin is public in the class file. */
    private fun kotlinPublic(type: Class<*>): Boolean = type.name !in INTERNAL

    private fun describe(type: Class<*>): String {
        val heading = listOfNotNull(
            if (type.isInterface) "interface" else if (type.isEnum) "enum" else if (Modifier.isAbstract(type.modifiers)) "abstract class" else "class",
            type.name,
            type.superclass?.takeIf { it != Any::class.java && !type.isEnum }?.let { ": ${it.name}" },
        ).joinToString(" ")
        val fields = type.declaredFields.filter { it.isEnumConstant || it.name == "INSTANCE" }.map { "  ${it.name}" }
        val makers = type.declaredConstructors.filter(::shown).map { "  <init>${parameters(it)}" }
        val methods = type.declaredMethods
            .filter { shown(it) && '$' !in it.name && it.name !in INHERITED && it.name !in HOOKS && "Uniffi" !in it.name && !it.name.startsWith("component") && !it.name.startsWith("uniffi") && !it.name.startsWith("copy-") }
            .map { "  ${if (Modifier.isStatic(it.modifiers)) "static " else ""}${it.name}${parameters(it)}: ${said(it.genericReturnType)}" }
        return (listOf(heading) + fields + (makers + methods).sorted()).joinToString("\n")
    }

    private fun shown(member: Executable): Boolean =
        Modifier.isPublic(member.modifiers) && !member.isSynthetic &&
            member.parameterTypes.none { it.name.endsWith("DefaultConstructorMarker") || "Uniffi" in it.name || "NoHandle" in it.name || it.simpleName in SESSIONS }

    private fun parameters(member: Executable): String = member.genericParameterTypes.joinToString(", ", "(", ")") { said(it) }

    private fun said(type: java.lang.reflect.Type): String =
        type.typeName.replace("kotlin.coroutines.Continuation<? super ", "suspend<").replace("java.lang.", "").replace("java.util.", "")
            .replace("? extends ", "").replace("az.gov.rid.core.", "")

    private companion object {
        val INHERITED = setOf("equals", "hashCode", "toString", "valueOf", "values", "getEntries", "copy", "destroy", "use")
        /** What the library has for these tests only. */
        val HOOKS = setOf("panicInside", "panicInsideClock", "panicInsideLater", "secureAreaSuite")

        /** What sessions are made of: those constructors are internal. */
        val SESSIONS = setOf("Enrolling", "FlowCalls", "LinkCalls", "Presentation", "Reading")
        val INTERNAL = (listOf("Boundary", "FlowCalls", "KeyMaker", "KeyStrength", "KeyStrengthKt", "LinkCalls", "PresentationSessionKt", "Rest", "StepSignal", "GuardedSecureArea", "GuardedLog", "Method", "BoundaryKt", "UncancellableKt", "P256Kt") +
            listOf("Enrolling", "Presentation", "Reader", "Reading", "Wallet").flatMap { listOf("core.$it", "core.${it}Interface") })
            .map { "az.gov.rid.$it" }
    }
}
