// UNVERIFIED: Gradle and the Android plugin cannot be had where this project is built. Maven's pom.xml is what is tested; this says the same
// to Gradle, for an .aar: our sources, the Android source set, and what bindings/android made: generated sources and the libraries of the ABIs.
//
// An app that takes the package needs only:   implementation("az.gov.rid:rid:0.1.0-SNAPSHOT")
plugins {
    // It brings Kotlin itself from 9.0 on.
    id("com.android.library") version "9.0.0"
    `maven-publish`
}

// What bindings/android wrote: sources and libraries of one build.
val shipped = providers.gradleProperty("rid.shipped").orElse("../../target/android").get()

group = "az.gov.rid"
version = "0.1.0-SNAPSHOT"

android {
    namespace = "az.gov.rid"
    compileSdk = 35
    defaultConfig {
        // java.time and java.nio.file without desugaring.
        minSdk = 26
        consumerProguardFiles("proguard.pro")
    }
    sourceSets["main"].kotlin.srcDirs("src/main/kotlin", "src/android/kotlin", layout.buildDirectory.dir("generated-kotlin"))
    sourceSets["main"].jniLibs.srcDirs("$shipped/jniLibs")
    publishing { singleVariant("release") { withSourcesJar() } }
}

kotlin { jvmToolchain(17) }

// As in pom.xml: without the aliases that name themselves.
val generated = tasks.register<Copy>("generatedKotlin") {
    from("$shipped/kotlin")
    into(layout.buildDirectory.dir("generated-kotlin"))
    val selfAlias = Regex("""^public typealias (Private\w+) = (az\.gov\.rid\.core\.)?\1$""")
    filter { line -> if (selfAlias.matches(line)) "" else line }
}
tasks.named("preBuild") { dependsOn(generated) }

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.11.0")
    implementation("net.java.dev.jna:jna:5.19.1@aar")
}
