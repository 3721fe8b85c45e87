/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trigger that adds nothing to any write: it exists so that CREATE TRIGGER has a class to name.
 * setup compiles it against each version's jars; the interface is the same from 3.0 to 5.0.
 */
package org.cqlcrawl.fixture;

import java.util.Collection;
import java.util.Collections;
import org.apache.cassandra.db.Mutation;
import org.apache.cassandra.db.partitions.Partition;
import org.apache.cassandra.triggers.ITrigger;

public class CountingTrigger implements ITrigger
{
    public Collection<Mutation> augment(Partition update)
    {
        return Collections.emptyList();
    }
}
