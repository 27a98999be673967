package az.gov.rid

import az.gov.rid.core.Enrolling
import az.gov.rid.core.Enrolment
import az.gov.rid.core.RidException

/** An enrolment under way: [next] runs it to its message for the issuer. */
public class EnrolmentSession internal constructor(private val core: Enrolling) : AutoCloseable {
    /**
     * Makes and proves the keys and gives the message for the issuer, at each call the same. When a call was cancelled while keys were
     * being made or used, the next one cleans up and ends with [RidException.Misuse] (`interrupted`): start another enrolment.
     */
    public suspend fun next(): Enrolment = Boundary.await { core.next() }

    /**
     * Ends it: a running [next] throws [RidException.Cancelled] at once. Before the message was given, its keys are deleted, by the next
     * call of the wallet at the latest; after it, the issuer's answer can still be accepted.
     */
    public fun cancel(): Unit = Boundary.call { core.cancel() }

    /** Ends it and releases the library's memory; a running [next] ends at once. Every later call says [RidException.Misuse] (`closed`). */
    override fun close(): Unit = Boundary.closing({ core.cancel() }, { core.close() })
}
